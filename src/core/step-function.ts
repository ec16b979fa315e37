import type { Logger } from './ports/logger.ts'

/** What a step's function is given. */
export interface StepContext {
  /** Aborted when the result is no longer wanted; its `reason` is a `CancelledError` that says why (E4). */
  readonly signal: AbortSignal
  /** Which call of the function this is, from 1; calls that a crash cut off count. */
  readonly attempt: number
  /** The same for every attempt of this step in this run: hand it to services that know such keys. */
  readonly idempotencyKey: string
  readonly log: Logger
}

export type StepFunction<T> = (step: StepContext) => T | PromiseLike<T>
