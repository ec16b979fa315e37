import { checkOptions, duration, name as checkName } from './check.ts'
import { checkCompensate, type Compensate } from './compensation.ts'
import { type Duration, show } from './duration.ts'
import { quote } from './errors.ts'
import { inlineScope } from './inline.ts'
import type { Operation } from './operation.ts'
import { checkRetry, type RetryOptions } from './retry-policy.ts'
import { ambientScope, type Scope } from './scope.ts'
import type { StepFunction } from './step-function.ts'
import { CompensableStep, createStep } from './step-work.ts'

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

const CHECKS = {
  retry: checkRetry,
  timeout: duration,
  idempotencyKey: checkName,
  compensate: checkCompensate,
}

/**
 * One unit of work whose outcome is recorded: after that, `fn` never runs again in this run, crash or no crash (R1).
 * Outside of a workflow it simply runs (M7).
 *
 * @param name identity in the journal, together with the scope it is created in; a repeated one is counted (M3)
 * @param fn may be sync or async; what it returns must be storable (numbers, strings, plain objects, arrays, `Date`,
 *   `Map`, `Set`, `bigint`, typed arrays, `URL`, `RegExp`, `Error`, registered classes)
 * @throws {TypeError} at the call, for a bad argument
 * @throws {StepError} when awaited: the last attempt failed; `cause` is what `fn` threw
 * @throws {SerializationError} when awaited: the result cannot be stored
 * @throws {CancelledError} when awaited: it was cancelled before it ended
 */
export function step<T>(
  name: string,
  fn: StepFunction<T>,
  options?: StepOptions<NoInfer<Awaited<T>>>,
): Operation<Awaited<T>> {
  const scope = ambientScope('step', name) ?? inlineScope()
  return stepIn(scope, name, fn, options, step)
}

export function stepIn<T>(
  scope: Scope,
  name: string,
  fn: StepFunction<T>,
  options: StepOptions<Awaited<T>> | undefined,
  caller: object,
): Operation<Awaited<T>> {
  checkName(name, 'step() name')
  if (typeof fn !== 'function')
    throw new TypeError(`step(${quote(name)}): expected a function, got ${show(fn)}`)
  if (options !== undefined) checkOptions(`step(${quote(name)})`, options, CHECKS)
  const key = scope.keyFor(name)
  const operation = createStep(scope, key, fn, options, caller)
  if (options?.compensate !== undefined) scope.host.compensable(new CompensableStep(scope, key, options))
  return operation as Operation<Awaited<T>>
}
