import { type Compensate, compensateOptions, type CompensationContext } from './compensation.ts'
import { createOperation } from './create-operation.ts'
import { milliseconds } from './duration.ts'
import { type CancelledError, quote, SerializationError, StepError } from './errors.ts'
import type { Cancellable, Compensable, Leaf } from './host.ts'
import { compensationKey, nameOf, stepNameOf } from './key.ts'
import type { OperationCore, Work } from './operation.ts'
import type { AttemptControl, Completion, Encoded, Key, RunningAttempt, StepEffect } from './ports/effects.ts'
import type { RetryOptions } from './retry-policy.ts'
import type { Scope } from './scope.ts'
import type { StepOptions } from './step-options.ts'
import { Attempt, type StepDefinition } from './step-attempt.ts'
import type { StepContext, StepFunction } from './step-function.ts'
import type { StopWatch } from './stop-watch.ts'

/** What steps with the same options have in common; their function is the operation's `subject`. */
class StepWork implements Work {
  readonly #options: StepOptions<never> | undefined

  constructor(options: StepOptions<never> | undefined) {
    this.#options = options
  }

  titleOf(operation: OperationCore): string {
    return `step ${quote(stepNameOf(operation.key))}`
  }

  begin(operation: OperationCore): void {
    const step = new Step(operation, operation.subject as StepFunction<unknown>, this.#options)
    operation.subject = step
    operation.scope.host.start(step, step)
  }

  abort({ scope, subject }: OperationCore, reason: CancelledError, stops: StopWatch | undefined): void {
    scope.host.cancel(subject as Step, reason)
    stops?.effect(subject as Step)
  }
}

/** Almost every step is one of these, and there can be a million of them. */
const PLAIN = new StepWork(undefined)

export function createStep(
  scope: Scope,
  key: Key,
  fn: StepFunction<unknown>,
  options: StepOptions<never> | undefined,
  caller: object,
): OperationCore {
  return createOperation(scope, key, options === undefined ? PLAIN : new StepWork(options), caller, fn)
}

/** A step that has begun: its definition, the effect that it is, and the leaf that waits for its completions. */
class Step implements Leaf, StepEffect, StepDefinition {
  readonly key: Key
  readonly fn: StepFunction<unknown>
  handle: Cancellable | undefined = undefined
  attempt = 1
  notBefore = 0
  readonly #operation: OperationCore
  readonly #options: StepOptions<never> | undefined

  constructor(operation: OperationCore, fn: StepFunction<unknown>, options: StepOptions<never> | undefined) {
    this.key = operation.key
    this.fn = fn
    this.#operation = operation
    this.#options = options
  }

  get kind(): 'step' {
    return 'step'
  }

  get name(): string {
    return stepNameOf(this.key)
  }

  get runId(): string | undefined {
    return this.#operation.scope.host.runId
  }

  get retry(): RetryOptions | undefined {
    return this.#options?.retry
  }

  get timeout(): number | undefined {
    const timeout = this.#options?.timeout
    return timeout === undefined ? undefined : milliseconds(timeout, 'timeout')
  }

  get idempotencyKey(): string {
    return idempotencyKeyOf(this.#operation.scope, this.key, this.#options)
  }

  get codec(): StepDefinition['codec'] {
    return this.#operation.scope.host.codec
  }

  get log(): StepDefinition['log'] {
    return this.#operation.scope.host.log
  }

  chance(attempt: number): number {
    return this.#operation.scope.host.chance(this.key, attempt)
  }

  execute(control: AttemptControl): RunningAttempt {
    const attempt = new Attempt(this, control)
    attempt.run()
    return attempt
  }

  deliver(completion: Completion): void {
    const { codec } = this
    if (completion.kind === 'step-done') this.#operation.fulfil(codec.decode(completion.payload))
    else if (completion.kind === 'step-failed') {
      if (completion.retryAt === undefined)
        this.#operation.reject(this.#failure(completion.attempt, codec.decodeError(completion.payload)))
      else this.#again(completion.attempt + 1, completion.retryAt)
    }
  }

  #again(attempt: number, notBefore: number): void {
    this.attempt = attempt
    this.notBefore = notBefore
    this.#operation.scope.host.start(this, this)
  }

  /** A result that cannot be stored is reported as itself: the function did not fail. */
  #failure(attempts: number, cause: unknown): Error {
    if (cause instanceof SerializationError) return cause
    return new StepError({ stepName: this.name, key: this.key, attempts }, cause)
  }
}

/** A step that has a `compensate`. */
export class CompensableStep implements Compensable {
  readonly key: Key
  readonly name: string
  readonly #scope: Scope
  readonly #options: StepOptions<never>

  constructor(scope: Scope, key: Key, options: StepOptions<never>) {
    this.key = key
    this.name = nameOf(key)
    this.#scope = scope
    this.#options = options
  }

  /** A step like any other. What its function returns is not kept, so it may be anything. */
  undo(payload: Encoded, error: unknown): PromiseLike<unknown> {
    const scope = this.#scope
    const { run, ...options } = compensateOptions(this.#options.compensate as Compensate<unknown>)
    const fn = async (step: StepContext): Promise<void> => {
      await run(scope.host.codec.decode(payload), compensationContext(step, error))
    }
    const key = compensationKey(this.key)
    const idempotencyKey = compensationKey(idempotencyKeyOf(scope, this.key, this.#options))
    return createStep(scope, key, fn, { ...options, idempotencyKey }, this.undo)
  }
}

function idempotencyKeyOf({ host }: Scope, key: Key, options: StepOptions<never> | undefined): string {
  return options?.idempotencyKey ?? (host.runId === undefined ? key : `${host.runId}:${key}`)
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
