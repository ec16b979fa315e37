import { checkOptions, name as checkName, operationKey } from '../core/check.ts'
import type { Codec } from '../core/codec/codec.ts'
import { RunBlockedError, RunConflictError, StoreError } from '../core/errors.ts'
import type { RunHandle, RunRetryOptions, Zombie } from '../core/ports/engine.ts'
import type { RunStatus } from '../core/ports/store.ts'
import type { Client, Ended, RunPlace } from './client.ts'
import { failureIn } from './failure.ts'
import { CANCEL, type CancelRequest, RETRY, type Sent, SIGNAL } from './messages.ts'

/** How often a run that is waited for is looked at, in milliseconds: one that is blocked does not end. */
const LOOK = 1000

export class Handle<O> implements RunHandle<O> {
  readonly id: string
  readonly #place: RunPlace
  readonly #client: Client
  readonly #codec: Codec

  constructor(place: RunPlace, client: Client, codec: Codec) {
    this.id = place.id
    this.#place = place
    this.#client = client
    this.#codec = codec
  }

  async result(): Promise<O> {
    for (let place = this.#place; ;) {
      const ended = await this.#end(place)
      if ('completed' in ended) return this.#codec.decode(ended.completed.output) as O
      const next = await this.#client.successor(place)
      if (next === undefined) throw this.#codec.decodeError(failureIn(ended.failure, this.#codec).error)
      place = next
    }
  }

  async status(): Promise<RunStatus> {
    const { place, ended } = await this.#latest()
    if (ended === undefined) return (await this.#client.look(place))?.status ?? 'running'
    return 'completed' in ended ? 'completed' : failureIn(ended.failure, this.#codec).status
  }

  async cancel(reason?: unknown): Promise<void> {
    const request: CancelRequest = { reason: this.#codec.encodeError(reason), at: Date.now() }
    const { place, ended } = await this.#latest()
    if (ended === undefined) await this.#client.post(place, CANCEL, request)
  }

  async signal(event: string, payload?: unknown): Promise<void> {
    checkName(event, 'signal() event')
    const sent: Sent = { name: event, payload: this.#codec.encode(payload, 'payload'), at: Date.now() }
    const { place } = await this.#latest()
    await this.#client.post(place, SIGNAL, sent)
  }

  /** A blocked run goes on with the code that is registered now. That needs the admin address. */
  async retry(options: RunRetryOptions = {}): Promise<void> {
    checkOptions('retry()', options, { fromStep: operationKey })
    if (options.fromStep !== undefined) throw unsupported('retry() from a step')
    const { place, ended } = await this.#latest()
    if (ended === undefined) return await this.#resume(place)
    if ('completed' in ended)
      throw new RunConflictError(
        this.id,
        'and has completed, so there is nothing to retry',
        'start another run',
      )
    await this.#client.post(place, RETRY)
  }

  zombies(): Promise<readonly Zombie[]> {
    return Promise.reject(unsupported('zombies()'))
  }

  fork(): Promise<RunHandle<O>> {
    return Promise.reject(unsupported('fork()'))
  }

  async #resume(place: RunPlace): Promise<void> {
    const run = await this.#client.look(place)
    if (run?.status !== 'blocked')
      throw new RunConflictError(this.id, 'and is being executed', 'wait until it has ended, or cancel it')
    await this.#client.resume(run.invocation)
  }

  /** The last execution of the run, and how it ended, if it has. */
  async #latest(): Promise<{ readonly place: RunPlace; readonly ended: Ended | undefined }> {
    for (let place = this.#place; ;) {
      const ended = await this.#client.ended(place)
      const next = ended !== undefined && 'failure' in ended ? await this.#client.successor(place) : undefined
      if (next === undefined) return { place, ended }
      place = next
    }
  }

  async #end(place: RunPlace): Promise<Ended> {
    const left = new AbortController()
    try {
      return await Promise.race([
        this.#client.end(place, left.signal),
        this.#watchBlocked(place, left.signal),
      ])
    } finally {
      left.abort()
    }
  }

  /** Rejects when the run is blocked; never resolves. */
  async #watchBlocked(place: RunPlace, left: AbortSignal): Promise<never> {
    while (this.#client.canLook && !left.aborted) {
      await new Promise((resolve) => setTimeout(resolve, LOOK)) // most have ended by then
      const run = left.aborted ? undefined : await this.#client.look(place).catch(() => undefined)
      if (run?.status === 'blocked') throw new RunBlockedError(this.id, await this.#client.whyBlocked(run))
    }
    return await new Promise(() => undefined)
  }
}

function unsupported(what: string): StoreError {
  return new StoreError(
    'unsupported',
    `${what} is not possible on Restate: its journals cannot be read by other runs. Start another run`,
  )
}
