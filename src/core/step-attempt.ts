/**
 * One call of a step's function: everything about it that is the same on every engine. The engine decides when it
 * begins, and what becomes of its outcome.
 */
import type { Codec } from './codec/codec.ts'
import { CancelledError, isInstance, SerializationError, TimeoutError } from './errors.ts'
import { derivedKey } from './key.ts'
import { withFields } from './log-wrappers.ts'
import type { AttemptControl, Encoded, Key, RunningAttempt, StepOutcome } from './ports/effects.ts'
import type { Logger } from './ports/logger.ts'
import { retryDelay, type RetryOptions } from './retry-policy.ts'
import { callInStep, runInStep, type StepFrame } from './scope.ts'
import type { StepContext, StepFunction } from './step-function.ts'
import { callStep } from './step-stand-ins.ts'

/** What a step was created with. */
export interface StepDefinition {
  /** Undefined outside of a workflow. */
  readonly runId: string | undefined
  readonly key: Key
  readonly name: string
  readonly fn: StepFunction<unknown>
  readonly retry: RetryOptions | undefined
  /** Milliseconds per attempt. */
  readonly timeout: number | undefined
  readonly idempotencyKey: string
  readonly codec: Codec
  readonly log: Logger
  chance(attempt: number): number
}

export class Attempt implements StepContext, StepFrame, RunningAttempt {
  readonly #definition: StepDefinition
  readonly #control: AttemptControl
  #controller: AbortController | undefined
  #aborted: CancelledError | undefined
  #reported = false
  #over = false
  #cancelTimeout: (() => void) | undefined

  constructor(definition: StepDefinition, control: AttemptControl) {
    this.#definition = definition
    this.#control = control
  }

  get over(): boolean {
    return this.#over
  }

  get stepName(): string {
    return this.#definition.name
  }

  get attempt(): number {
    return this.#control.attempt
  }

  /** What was undone is not done again under the same key: whoever knows the key would answer from memory. */
  get idempotencyKey(): string {
    const { idempotencyKey } = this.#definition
    const { undone = 0 } = this.#control
    return undone === 0 ? idempotencyKey : derivedKey(idempotencyKey, `${undone + 1}`)
  }

  get log(): Logger {
    const { log, name: step, key } = this.#definition
    return withFields(log, { step, key, attempt: this.attempt })
  }

  /** Made when first asked for: most functions never look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted)
    }
    return this.#controller.signal
  }

  run(): void {
    const { timeout } = this.#definition
    if (timeout !== undefined) {
      const { clock } = this.#control
      this.#cancelTimeout = clock.after(timeout, () => this.#timeOut(timeout))
    }
    callInStep(this, Attempt.#call, this).then(
      (value) => {
        if (this.#end()) this.#done(value)
      },
      (error: unknown) => {
        if (this.#end()) this.#report(this.#failed(error))
      },
    )
  }

  static #call(this: void, attempt: Attempt): unknown {
    const definition = attempt.#definition
    return callStep(definition, attempt, definition.fn)
  }

  /** The outcome is not wanted any more. */
  abort(reason: CancelledError): void {
    if (this.#aborted !== undefined) return
    this.#aborted = reason
    this.#reported = true
    this.#cancelTimeout?.()
    this.#tell(reason)
  }

  /** @returns whether its outcome is still wanted */
  #end(): boolean {
    this.#over = true
    this.#control.ended()
    return !this.#reported
  }

  #report(outcome: StepOutcome): void {
    this.#reported = true
    this.#cancelTimeout?.()
    this.#control.report(outcome)
  }

  #timeOut(timeout: number): void {
    const error = new TimeoutError(this.#definition.key, timeout)
    const outcome = this.#failed(error)
    this.#report(outcome)
    this.#aborted = new CancelledError({ kind: 'timeout', by: this.#definition.key, cause: error })
    this.#tell(this.#aborted)
  }

  /** In the step's own context, so that what its listeners leave behind is the step's (E6, M6). */
  #tell(reason: CancelledError): void {
    const controller = this.#controller
    if (controller !== undefined) runInStep(this, () => controller.abort(reason))
  }

  #done(value: unknown): void {
    let payload: Encoded | Promise<Encoded>
    try {
      payload = this.#definition.codec.encodeInTurns(value, 'result')
    } catch (error) {
      return this.#report(this.#failed(error))
    }
    if (payload instanceof Promise) void this.#doneLater(payload)
    else this.#report({ kind: 'done', payload })
  }

  /** An attempt with a large result lasts until that is encoded: meanwhile it can time out, and be cancelled. */
  async #doneLater(payload: Promise<Encoded>): Promise<void> {
    let outcome: StepOutcome
    try {
      outcome = { kind: 'done', payload: await payload }
    } catch (error) {
      outcome = this.#failed(error)
    }
    if (!this.#reported) this.#report(outcome)
  }

  #failed(error: unknown): StepOutcome {
    const payload = this.#definition.codec.encodeError(error)
    const delay = this.#retryDelay(error)
    return delay === undefined
      ? { kind: 'failed', payload }
      : { kind: 'failed', payload, retryAt: this.#control.clock.now() + delay }
  }

  /** A value that cannot be stored today cannot be stored at the next attempt either. */
  #retryDelay(error: unknown): number | undefined {
    if (isInstance(error, SerializationError)) return undefined
    const definition = this.#definition
    try {
      return retryDelay(definition.retry, this.attempt, error, definition.chance(this.attempt))
    } catch (broken) {
      this.log.warn('The retry policy threw, so the step is not tried again', { error: broken })
      return undefined
    }
  }
}
