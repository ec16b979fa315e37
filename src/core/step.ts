import { checkOptions, duration, name as checkName } from './check.ts'
import {
  checkCompensate,
  type Compensate,
  compensateOptions,
  type CompensationContext,
} from './compensation.ts'
import { createOperation } from './create-operation.ts'
import { type Duration, milliseconds, show } from './duration.ts'
import { type CancelledError, quote, SerializationError, StepError } from './errors.ts'
import type { Cancellable, Compensable, Leaf } from './host.ts'
import { inlineScope } from './inline.ts'
import { compensationKey } from './key.ts'
import type { Operation, OperationCore, Work } from './operation.ts'
import type { AttemptControl, Completion, Encoded, Key, RunningAttempt, StepEffect } from './ports/effects.ts'
import { checkRetry, type RetryOptions } from './retry-policy.ts'
import { ambientScope, type Scope } from './scope.ts'
import { Attempt, type StepDefinition } from './step-attempt.ts'
import type { StepContext, StepFunction } from './step-function.ts'
import type { StopWatch } from './stop-watch.ts'

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
  const work = new StepWork(scope, scope.keyFor(name), name, fn, options)
  const operation = createOperation<Awaited<T>>(scope, work, caller)
  if (options?.compensate !== undefined) scope.host.compensable(work)
  return operation
}

/** The definition, the effect and the leaf of one step in one: there can be a hundred thousand of them. */
class StepWork implements Work, Leaf, StepEffect, StepDefinition, Compensable {
  readonly kind = 'step'
  readonly key: Key
  readonly name: string
  readonly fn: StepFunction<unknown>
  attempt = 1
  notBefore = 0
  handle: Cancellable | undefined = undefined
  readonly #scope: Scope
  readonly #options: StepOptions<never> | undefined
  #operation: OperationCore | undefined

  constructor(
    scope: Scope,
    key: Key,
    name: string,
    fn: StepFunction<unknown>,
    options: StepOptions<never> | undefined,
  ) {
    this.key = key
    this.name = name
    this.fn = fn
    this.#scope = scope
    this.#options = options
  }

  get title(): string {
    return `step ${quote(this.name)}`
  }

  get runId(): string | undefined {
    return this.#scope.host.runId
  }

  get retry(): RetryOptions | undefined {
    return this.#options?.retry
  }

  get timeout(): number | undefined {
    const timeout = this.#options?.timeout
    return timeout === undefined ? undefined : milliseconds(timeout, 'timeout')
  }

  get idempotencyKey(): string {
    const { runId } = this
    return this.#options?.idempotencyKey ?? (runId === undefined ? this.key : `${runId}:${this.key}`)
  }

  get codec(): StepDefinition['codec'] {
    return this.#scope.host.codec
  }

  get log(): StepDefinition['log'] {
    return this.#scope.host.log
  }

  chance(attempt: number): number {
    return this.#scope.host.chance(this.key, attempt)
  }

  begin(operation: OperationCore): void {
    this.#operation = operation
    this.#scope.host.start(this, this)
  }

  abort(_operation: OperationCore, reason: CancelledError, stops: StopWatch | undefined): void {
    this.#scope.host.cancel(this, reason)
    stops?.effect(this)
  }

  execute(control: AttemptControl): RunningAttempt {
    const attempt = new Attempt(this, control)
    attempt.run()
    return attempt
  }

  deliver(completion: Completion): void {
    const { codec } = this.#scope.host
    if (completion.kind === 'step-done') {
      this.#operation?.fulfil(codec.decode(completion.payload))
    } else if (completion.kind === 'step-failed') {
      if (completion.retryAt === undefined)
        this.#operation?.reject(this.#failure(completion.attempt, codec.decodeError(completion.payload)))
      else this.#again(completion.attempt + 1, completion.retryAt)
    }
  }

  /** A step like any other. What its function returns is not kept, so it may be anything. */
  undo(payload: Encoded, error: unknown): PromiseLike<unknown> {
    const scope = this.#scope
    const compensate = this.#options?.compensate as Compensate<unknown>
    const { run, ...options } = compensateOptions(compensate)
    const fn = async (step: StepContext): Promise<void> => {
      await run(scope.host.codec.decode(payload), compensationContext(step, error))
    }
    const key = compensationKey(this.key)
    const idempotencyKey = compensationKey(this.idempotencyKey)
    const work = new StepWork(scope, key, `compensation of ${this.name}`, fn, { ...options, idempotencyKey })
    return createOperation(scope, work, this.undo)
  }

  #again(attempt: number, notBefore: number): void {
    this.attempt = attempt
    this.notBefore = notBefore
    this.#scope.host.start(this, this)
  }

  /** A result that cannot be stored is reported as itself: the function did not fail. */
  #failure(attempts: number, cause: unknown): Error {
    if (cause instanceof SerializationError) return cause
    return new StepError({ stepName: this.name, key: this.key, attempts }, cause)
  }
}

function compensationContext(step: StepContext, error: unknown): CompensationContext {
  const { attempt, idempotencyKey, log } = step
  return {
    attempt,
    idempotencyKey,
    log,
    error,
    get signal() {
      return step.signal
    },
  }
}
