import { checkOptions, duration, name as checkName } from './check.ts'
import { checkCompensate } from './compensation.ts'
import { show } from './duration.ts'
import { quote } from './errors.ts'
import { inlineScope } from './inline.ts'
import type { Operation } from './operation.ts'
import { checkRetry } from './retry-policy.ts'
import { ambientScope, type Scope } from './scope.ts'
import type { StepFunction } from './step-function.ts'
import type { StepOptions } from './step-options.ts'
import { CompensableStep, createStep } from './step-work.ts'

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
