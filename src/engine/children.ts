import type { CancelledError } from '../core/errors.ts'
import type { ChildEffect, Encoded, Key } from '../core/ports/effects.ts'

/** How a child run ended, as its parent is told. */
export type ChildResult =
  | { readonly status: 'done'; readonly id: string; readonly payload: Encoded }
  | { readonly status: 'failed'; readonly id: string; readonly payload: Encoded }

/** A child run that the parent waits for. */
export interface ChildRun {
  /** Rejects when the child cannot go on here (engine stopped, store failed); then so does the parent. */
  readonly ended: Promise<ChildResult>
  cancel(reason: CancelledError): void
}

/** How a run starts its children: given by the engine. Never throws. */
export type StartChild = (effect: ChildEffect) => ChildRun

export interface ChildReports {
  ended(key: Key, result: ChildResult): void
  failed(error: unknown): void
}

/** The child runs that one run waits for. */
export class Children {
  readonly #startChild: StartChild
  readonly #reports: ChildReports
  readonly #running = new Map<Key, ChildRun>()
  /** Cancelled, not ended yet. */
  readonly #ending = new Map<Key, ChildRun>()

  constructor(startChild: StartChild, reports: ChildReports) {
    this.#startChild = startChild
    this.#reports = reports
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
        this.#ending.delete(key)
        if (this.#running.delete(key)) this.#reports.failed(error)
      },
    )
  }

  cancel(key: Key, reason: CancelledError): void {
    const child = this.#running.get(key)
    if (child === undefined) return
    this.#running.delete(key)
    this.#ending.set(key, child)
    child.cancel(reason)
  }

  cancelAll(reason: CancelledError): void {
    for (const key of this.#running.keys()) this.cancel(key, reason)
  }

  whenEnded(key: Key, callback: () => void): void {
    const child = this.#ending.get(key)
    if (child === undefined) callback()
    else void child.ended.catch(() => undefined).finally(callback)
  }
}
