import type { CancelledError } from '../core/errors.ts'
import type { ChildEffect, Encoded, Key } from '../core/ports/effects.ts'
import { SmallMap, SmallSet } from '../core/small-collections.ts'

/** How a child run ended, as its parent is told. */
export interface ChildResult {
  readonly status: 'done' | 'failed'
  readonly id: string
  /** The output, or the error. */
  readonly payload: Encoded
}

/** A child run that the parent waits for. */
export interface ChildRun {
  readonly id: string
  /** Rejects when the child cannot go on here (engine stopped, store failed); then so does the parent. */
  readonly ended: Promise<ChildResult>
  /** Resolves when the child has been told, in a way that survives a crash; at once when it has ended. Rejects when the store does not take the request. */
  cancel(reason: CancelledError): Promise<void>
  /** The parent does not wait here any more, and `ended` never settles: the child goes on. */
  leave(): void
}

/**
 * How a run starts its children: given by the engine. Never throws.
 * @param existing only find the child, if there is one: an earlier execution may have started it
 */
export type StartChild = (effect: ChildEffect, existing?: 'existing') => ChildRun

export interface ChildReports {
  ended(key: Key, result: ChildResult): void
  failed(error: unknown): void
}

/** The child runs that one run waits for. */
export class Children {
  readonly #startChild: StartChild
  readonly #reports: ChildReports
  readonly #running = new SmallMap<Key, ChildRun>()
  /** Cancelled, and not known to have ended. */
  readonly #ending = new SmallMap<Key, ChildRun>()
  /** Cancelled, and why it cannot be known here when they have ended. */
  #lost: Map<Key, unknown> | undefined
  /** Cancel requests that are not on disk. */
  readonly #requests = new SmallSet<Promise<void>>()

  constructor(startChild: StartChild, reports: ChildReports) {
    this.#startChild = startChild
    this.#reports = reports
  }

  /** Ids of the children that the parent waits for. */
  get waitedFor(): readonly string[] {
    return [...this.#running.values()].map(({ id }) => id)
  }

  get size(): number {
    return this.#running.size
  }

  /** No child is being told to end, or waited for because it was. */
  get quiet(): boolean {
    return this.#ending.size === 0 && this.#requests.size === 0
  }

  /** The parent goes on elsewhere, or later: its children are left alone. */
  leave(): void {
    for (const child of this.#running.values()) child.leave()
    this.#running.clear()
  }

  start(effect: ChildEffect): void {
    const { key } = effect
    const child = this.#startChild(effect)
    this.#running.set(key, child)
    child.ended.then(
      (result) => {
        this.#ending.delete(key)
        if (this.#running.delete(key)) this.#reports.ended(key, result)
      },
      (error: unknown) => {
        this.#lose(key, error)
        if (this.#running.delete(key)) this.#reports.failed(error)
      },
    )
  }

  cancel(key: Key, reason: CancelledError): void {
    const child = this.#running.get(key)
    if (child === undefined) return
    this.#running.delete(key)
    this.#end(key, child, reason)
  }

  /** Cancels what an earlier execution may have started. */
  cancelEarlier(effect: ChildEffect, reason: CancelledError): void {
    const { key } = effect
    const child = this.#startChild(effect, 'existing')
    this.#end(key, child, reason)
    child.ended.then(
      () => this.#ending.delete(key),
      (error: unknown) => this.#lose(key, error),
    )
  }

  /**
   * Resolves when every cancelled child has been told, and rejects when one could not be: the parent must not end then.
   * Undefined when there is none.
   */
  told(): Promise<unknown> | undefined {
    return this.#requests.size === 0 ? undefined : Promise.all(this.#requests)
  }

  cancelAll(reason: CancelledError): void {
    for (const key of this.#running.keys()) this.cancel(key, reason)
  }

  #end(key: Key, child: ChildRun, reason: CancelledError): void {
    this.#ending.set(key, child)
    const request = child.cancel(reason)
    this.#requests.add(request)
    request.then(
      () => this.#requests.delete(request),
      () => undefined, // `told` tells
    )
  }

  /**
   * Calls back when the cancelled child has really ended, in whatever process; at once when there is none. When that
   * cannot be known here (the child is blocked, the store failed), and `wanted` says that it still matters, the run
   * that waits can go no further.
   */
  whenEnded(key: Key, ended: () => void, wanted: () => boolean): void {
    const failed = (error: unknown): void => {
      if (wanted()) this.#reports.failed(error)
    }
    const child = this.#ending.get(key)
    if (child !== undefined) child.ended.then(ended, failed)
    else if (this.#lost?.has(key)) failed(this.#lost.get(key))
    else ended()
  }

  #lose(key: Key, error: unknown): void {
    if (this.#ending.delete(key)) (this.#lost ??= new Map()).set(key, error)
  }
}
