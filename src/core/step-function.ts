import type { Logger } from './ports/logger.ts'

/** What a step's function is given. */
export interface StepContext {
  /** Aborted when the result is no longer wanted; its `reason` is a `CancelledError` that says why (E4). */
  readonly signal: AbortSignal
  /** Which call of the function this is, from 1; calls that a crash cut off count. */
  readonly attempt: number
  /**
   * The same for every attempt of this step in this run: hand it to services that know such keys. Another one, with `!2`
   * after it, when the step was undone (`compensate`) and the run is tried again.
   */
  readonly idempotencyKey: string
  /** Messages carry the run's id and workflow, the step's name and key, and the attempt. */
  readonly log: Logger
}

export type StepFunction<T> = (step: StepContext) => T | PromiseLike<T>
