/** Worker processes, started before they are needed: half of a torture would be the start of Node.js. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './orders.ts'

const program = fileURLToPath(new URL('./worker.ts', import.meta.url))
/** Compiled code is kept from one process to the next. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/torture', import.meta.url))

export class Worker {
  readonly pid: number
  /** Resolves with what it had to say when it is gone. */
  readonly gone: Promise<{
    readonly signal: string | null
    readonly code: number | null
    readonly stderr: string
  }>
  readonly ready: Promise<void>
  onProblem: (text: string) => void = () => undefined
  alive = true
  readonly #process: ChildProcess
  #onFinished: () => void = () => undefined

  constructor() {
    const child = fork(program, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(cache), NODE_NO_WARNINGS: '1' },
    })
    this.#process = child
    this.pid = child.pid ?? -1
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    this.gone = once(child, 'close').then(([code, signal]) => {
      this.alive = false
      this.#onFinished()
      return { code, signal, stderr }
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    void this.gone.then(() => resolve())
    child.on('message', (report: Report) => {
      if (report.say === 'ready') resolve()
      else if (report.say === 'finished') this.#onFinished()
      else this.onProblem(report.text)
    })
  }

  send(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => undefined)
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Resolves when it has finished its round, or is gone. */
  async finish(): Promise<void> {
    if (!this.alive) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onFinished = resolve
    this.send({ say: 'finish' })
    await promise
    this.#onFinished = () => undefined
    this.onProblem = () => undefined
  }

  async end(): Promise<void> {
    this.signal('SIGKILL')
    await this.gone
  }
}

export class Pool {
  readonly #spare: Worker[] = []
  readonly #all = new Set<Worker>()
  readonly #size: number

  /** @param size how many are kept ready */
  constructor(size: number) {
    this.#size = size
    this.#fill()
    // A stopped process would not notice that nobody directs it any more.
    process.once('exit', this.#killAll)
  }

  async take(): Promise<Worker> {
    const worker = this.#spare.shift() ?? this.#start()
    this.#fill()
    await worker.ready
    return worker
  }

  giveBack(worker: Worker): void {
    if (worker.alive) this.#spare.unshift(worker)
  }

  async end(): Promise<void> {
    process.off('exit', this.#killAll)
    await Promise.all([...this.#all].map((worker) => worker.end()))
  }

  #fill(): void {
    while (this.#spare.length < this.#size) this.#spare.push(this.#start())
  }

  #start(): Worker {
    const worker = new Worker()
    this.#all.add(worker)
    void worker.gone.then(() => this.#all.delete(worker))
    return worker
  }

  readonly #killAll = (): void => {
    for (const worker of this.#all) worker.signal('SIGKILL')
  }
}
