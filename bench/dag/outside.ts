/**
 * The world outside, in which steps do their work: a thread that answers each request after the time it asked for, to
 * a tenth of a millisecond, and sleeps meanwhile. A `setTimeout` would not do: it counts in whole milliseconds from the last
 * turn of the event loop, which is a gift to who starts the next task in the very turn in which a timer fired.
 */
import { once } from 'node:events'
import {
  isMainThread,
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
  workerData,
} from 'node:worker_threads'

interface Request {
  readonly no: number
  /** Of the clock that all threads share, in milliseconds. */
  readonly due: number
}

interface Ends {
  readonly port: MessagePort
  /** Goes up with every request. */
  readonly bell: Int32Array
}

export class Outside {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #bell = new Int32Array(new SharedArrayBuffer(4))
  readonly #waiting = new Map<number, () => void>()
  #no = 0

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const ends: Ends = { port: port2, bell: this.#bell }
    this.#worker = new Worker(new URL(import.meta.url), { workerData: ends, transferList: [port2] })
    port1.on('message', (no: number) => {
      this.#waiting.get(no)?.()
      this.#waiting.delete(no)
    })
  }

  /** @param ms need not be whole */
  readonly wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const request: Request = { no: this.#no++, due: now() + ms }
      this.#waiting.set(request.no, resolve)
      this.#port.postMessage(request, [])
      Atomics.add(this.#bell, 0, 1)
      Atomics.notify(this.#bell, 0)
    })

  async close(): Promise<void> {
    const exited = once(this.#worker, 'exit')
    this.#port.close()
    await this.#worker.terminate()
    await exited
  }
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function answer({ port, bell }: Ends): never {
  let open: Request[] = []
  for (;;) {
    const rung = Atomics.load(bell, 0)
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      open.push(next.message as Request)
    const time = now()
    for (const { no, due } of open) if (due <= time) port.postMessage(no)
    open = open.filter(({ due }) => due > time)
    Atomics.wait(bell, 0, rung, Math.min(1000, ...open.map(({ due }) => due - now())))
  }
}

if (!isMainThread) answer(workerData as Ends)
