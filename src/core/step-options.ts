import type { Compensate } from './compensation.ts'
import type { Duration } from './duration.ts'
import type { RetryOptions } from './retry-policy.ts'

/** `T`: what the step resolves to. */
export interface StepOptions<T = unknown> {
  /** Tries again after a failure. Default: one attempt. Delays are durable, attempts are counted across crashes. */
  readonly retry?: RetryOptions
  /** Time for each attempt. One that takes longer has its `signal` aborted and fails with a `TimeoutError`. */
  readonly timeout?: Duration
  /** What the function gets as `idempotencyKey`. Default: the run's id and the step's key, the same for every attempt. */
  readonly idempotencyKey?: string
  /**
   * Undoes the step, given its result, if it has completed and the run fails or is cancelled in the end: the last step
   * first, one at a time, each recorded once and tried again when it fails (by default 5 attempts in all). Outside of a
   * workflow there is no run that could fail, and nothing is undone.
   */
  readonly compensate?: Compensate<T>
}
