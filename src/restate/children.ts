import type { Context, RestatePromise, TerminalError } from '@restatedev/restate-sdk'
import type { CancelledError } from '../core/errors.ts'
import type { ChildDone, ChildEffect, ChildFailed, Encoded, Key } from '../core/ports/effects.ts'
import { json } from './json.ts'
import { type Begin, CANCEL, type CancelRequest, type Completed, RUN } from './messages.ts'

/** Where a child is, and what it is started with. */
export interface ChildPlace {
  readonly service: string
  readonly id: string
  readonly begin: Begin
}

export interface ChildReports {
  ended(completion: ChildDone | ChildFailed): void
  encodeError(thrown: unknown): Encoded
  /** Of the terminal error of a run. */
  failureIn(error: TerminalError, child: string): { readonly error: Encoded; readonly endedAt: number }
}

interface Call {
  readonly place: ChildPlace
  readonly source: RestatePromise<() => void>
  wanted: boolean
}

/** The child runs of one run: calls of another service, wherever that is executed (M9). */
export class Children {
  readonly #ctx: Pick<Context, 'genericCall' | 'genericSend'>
  readonly #reports: ChildReports
  readonly #now: () => number
  readonly #calls = new Map<Key, Call>()
  readonly #keys = new Set<Key>()
  /** Children that were cancelled, and whose end somebody waits for. */
  readonly #watched = new Map<Key, (() => void)[]>()

  /** @param now by what was delivered: the same on a replay */
  constructor(ctx: Pick<Context, 'genericCall' | 'genericSend'>, now: () => number, reports: ChildReports) {
    this.#ctx = ctx
    this.#now = now
    this.#reports = reports
  }

  /** To be awaited with all else that the run waits for; what each gives is to be called. */
  *sources(): Generator<RestatePromise<() => void>> {
    for (const [key, { wanted, source }] of this.#calls) if (wanted || this.#watched.has(key)) yield source
  }

  start({ key }: ChildEffect, place: ChildPlace): void {
    const source = this.#ctx
      .genericCall<Begin, Completed>({
        service: place.service,
        method: RUN,
        key: place.id,
        parameter: place.begin,
        inputSerde: json(),
        outputSerde: json(),
        name: key,
      })
      .map((completed, error) => () => this.#ended(key, completed, error))
    this.#keys.add(key)
    this.#calls.set(key, { place, source, wanted: true })
  }

  /** Tells the child, and does not wait for it. */
  cancel(key: Key, reason: CancelledError): void {
    const call = this.#calls.get(key)
    if (call === undefined || !call.wanted) return
    call.wanted = false
    const { service, id } = call.place
    this.#ctx.genericSend<CancelRequest>({
      service,
      method: CANCEL,
      key: id,
      parameter: { reason: this.#reports.encodeError(reason), at: this.#now() },
      inputSerde: json(),
    })
  }

  cancelAll(reason: CancelledError): void {
    for (const key of this.#calls.keys()) this.cancel(key, reason)
  }

  /** Whether this was ever the key of a child. */
  knows(key: Key): boolean {
    return this.#keys.has(key)
  }

  /** Calls back when the child has really ended; at once when it has. */
  whenEnded(key: Key, ended: () => void): void {
    if (!this.#calls.has(key)) return ended()
    this.#watched.set(key, [...(this.#watched.get(key) ?? []), ended])
  }

  #ended(key: Key, completed: Completed | undefined, error: TerminalError | undefined): void {
    const call = this.#calls.get(key)
    this.#calls.delete(key)
    for (const ended of this.#watched.get(key) ?? []) ended()
    this.#watched.delete(key)
    if (call?.wanted !== true) return
    const name = call.place.id
    if (error === undefined && completed !== undefined) {
      const { output: payload, endedAt: at } = completed
      this.#reports.ended({ kind: 'child-done', key, at, name, payload })
    } else if (error !== undefined) {
      const { error: payload, endedAt: at } = this.#reports.failureIn(error, name)
      this.#reports.ended({ kind: 'child-failed', key, at, name, payload })
    }
  }
}
