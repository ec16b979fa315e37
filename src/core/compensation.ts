/** Undoing what a failed run did: options, and what there is to undo. */
import { callable, checkOptions, duration } from './check.ts'
import { type Duration, show } from './duration.ts'
import type { CompensationFailure } from './errors.ts'
import type { Compensable, Host, Leaf } from './host.ts'
import { compensationKey } from './key.ts'
import type { Completion, Encoded, Key } from './ports/effects.ts'
import type { Logger } from './ports/logger.ts'
import { checkRetry, type RetryOptions } from './retry-policy.ts'

/** What a compensation is given, besides the result that it undoes. */
export interface CompensationContext {
  /** Aborted when an attempt takes longer than its `timeout`, or the engine stops; not by a cancellation. */
  readonly signal: AbortSignal
  /** Which call this is, from 1; calls that a crash cut off count. */
  readonly attempt: number
  /** The step's own, with `!compensate` after it: the same for every attempt. */
  readonly idempotencyKey: string
  readonly log: Logger
  /** What the run failed with, or the `CancelledError` that it was cancelled with. */
  readonly error: unknown
}

/** What it returns is not kept. */
export type CompensateFunction<T> = (result: T, compensation: CompensationContext) => unknown

export interface CompensateOptions<T> {
  readonly run: CompensateFunction<T>
  /** Default: 5 attempts, exponential from one second. */
  readonly retry?: RetryOptions
  /** Time for each attempt. Default: no limit. */
  readonly timeout?: Duration
}

/** How a completed step is undone when its run fails or is cancelled. */
export type Compensate<T> = CompensateFunction<T> | CompensateOptions<T>

const CHECKS = { run: callable, retry: checkRetry, timeout: duration }

export function checkCompensate(value: unknown, what: string): void {
  if (typeof value === 'function') return
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${what}: expected a function, or { run, retry, timeout }, got ${show(value)}`)
  checkOptions(what, value, CHECKS)
  callable((value as { run?: unknown }).run, `${what}, its "run"`)
}

const DEFAULT_RETRY: RetryOptions = { maxAttempts: 5 }

export function compensateOptions<T>(given: Compensate<T>): CompensateOptions<T> {
  return typeof given === 'function'
    ? { run: given, retry: DEFAULT_RETRY }
    : { ...given, retry: given.retry ?? DEFAULT_RETRY }
}

/** Its completion says that all that was recorded before has been delivered. No operation can have this key: `!` is escaped in names. */
export const BARRIER: Key = compensationKey('')

/**
 * The steps of one run that can be undone, and which of them the journal has as done. What counts is the journal, not
 * whether anybody got the result: a step whose success came too late for its group has happened all the same.
 */
export class Compensations {
  readonly #steps = new Map<Key, Compensable>()
  /** Not undone yet, in journal order. */
  readonly #done: { readonly step: Compensable; readonly payload: Encoded }[] = []
  #certain = false
  readonly failures: CompensationFailure[] = []

  add(step: Compensable): void {
    this.#steps.set(step.key, step)
  }

  delivered(completion: Completion): void {
    if (completion.kind !== 'step-done') return
    const { key, payload } = completion
    const step = this.#steps.get(key)
    if (step !== undefined) this.#done.push({ step, payload })
  }

  /** Something was set going that may do more. */
  doubt(): void {
    this.#certain = false
  }

  /**
   * Undoes the last step that is not undone; before that, makes sure that it is the last. One that cannot be undone is
   * kept among the failures. Never rejects.
   * @returns undefined when nothing is left
   */
  undoNext(host: Host, error: unknown): Promise<void> | undefined {
    if (!this.#certain) return this.#makeCertain(host)
    const last = this.#done.pop()
    return last === undefined ? undefined : this.#undo(last.step, last.payload, error)
  }

  async #undo(step: Compensable, payload: Encoded, error: unknown): Promise<void> {
    try {
      await step.undo(payload, error)
    } catch (thrown) {
      this.failures.push({ step: step.name, key: step.key, error: thrown })
    }
  }

  /** Steps that were given up may have been recorded just before that. What stops at once is recorded after them. */
  #makeCertain(host: Host): Promise<void> {
    this.#certain = true
    return new Promise((resolve) => {
      const leaf: Leaf = { key: BARRIER, deliver: () => resolve() }
      host.start(leaf, { kind: 'stop', key: BARRIER, target: BARRIER })
    })
  }
}
