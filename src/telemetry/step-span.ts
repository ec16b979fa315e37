import type { Attributes, Context, Tracer } from '@opentelemetry/api'
import type { CancelledError } from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { AttemptTrace, TracedAttempt, TracedAttemptEnd } from '../core/ports/telemetry.ts'
import {
  CANCEL_KIND,
  ERROR_TYPE,
  errorType,
  STEP_ATTEMPT,
  STEP_KEY,
  STEP_NAME,
  STEP_STATUS,
} from './attributes.ts'
import type { Instruments } from './instruments.ts'
import { callIn, close, open, type Opened } from './spans.ts'

/** What the steps of a run have in common. */
export interface StepSurroundings {
  readonly tracer: Tracer
  readonly instruments: Instruments
  readonly clock: Clock
  /** Of the run: on every span of its steps. */
  readonly attributes: Attributes
  /** Of the workflow: on every metric. */
  readonly measured: Attributes
  /** The step is to be tried again: the same span goes on. */
  retrying(key: string, step: StepSpan): void
}

/**
 * The span of a step, from the beginning of its first attempt here to its outcome. A step that may be tried again has a span
 * for each attempt under it; of any other, its span is that of its only attempt.
 */
export class StepSpan implements AttemptTrace {
  readonly #of: StepSurroundings
  readonly #step: Opened
  readonly #key: string
  readonly #measured: Attributes
  #attempt: Opened | undefined
  #number: number
  #startedAt: number

  constructor(of: StepSurroundings, { key, name, attempt, retries }: TracedAttempt, parent: Context) {
    this.#of = of
    this.#key = key
    this.#number = attempt
    this.#startedAt = of.clock.steady()
    this.#measured = { ...of.measured, [STEP_NAME]: name }
    const attributes = { ...of.attributes, [STEP_NAME]: name, [STEP_KEY]: key }
    this.#step = open(
      of.tracer,
      `step ${name}`,
      parent,
      retries ? attributes : { ...attributes, [STEP_ATTEMPT]: attempt },
    )
    if (attempt === 1) of.instruments.stepStarted(this.#measured)
    if (retries) this.#openAttempt(name)
  }

  /** The next one begins. */
  again({ name, attempt }: TracedAttempt): void {
    this.#number = attempt
    this.#startedAt = this.#of.clock.steady()
    this.#openAttempt(name)
  }

  within<T>(body: () => T): T {
    return callIn((this.#attempt ?? this.#step).context, body)
  }

  ended(end: TracedAttemptEnd): void {
    const { instruments, clock } = this.#of
    const retried = end.status === 'failed' && end.retryAt !== undefined
    const measured = { ...this.#measured, [STEP_STATUS]: retried ? 'retrying' : end.status }
    instruments.attemptEnded(measured, (clock.steady() - this.#startedAt) / 1000)
    if (end.status === 'completed') this.#close(measured, { [STEP_STATUS]: end.status })
    else if (end.status === 'cancelled') this.cancelled(end.reason)
    else if (retried) this.#retried(end.error)
    else this.#failed(measured, end.error)
  }

  /** While it runs, or backs off. */
  cancelled({ kind }: Pick<CancelledError, 'kind'>): void {
    this.#close(
      { ...this.#measured, [STEP_STATUS]: 'cancelled' },
      { [STEP_STATUS]: 'cancelled', [CANCEL_KIND]: kind },
    )
  }

  /** It is tried again by a later execution. */
  left(): void {
    close(this.#step, { [STEP_STATUS]: 'retrying' })
  }

  #failed(measured: Attributes, error: unknown): void {
    this.#close({ ...measured, [ERROR_TYPE]: errorType(error) }, { [STEP_STATUS]: 'failed' }, { error })
  }

  #retried(error: unknown): void {
    this.#of.instruments.retried({ ...this.#measured, [ERROR_TYPE]: errorType(error) })
    if (this.#attempt !== undefined) close(this.#attempt, { [STEP_STATUS]: 'retrying' }, { error })
    this.#attempt = undefined
    this.#of.retrying(this.#key, this)
  }

  #close(measured: Attributes, attributes: Attributes, failure?: { readonly error: unknown }): void {
    this.#of.instruments.stepEnded(measured)
    if (this.#attempt !== undefined) close(this.#attempt, attributes, failure)
    close(this.#step, attributes, failure)
  }

  #openAttempt(name: string): void {
    const { tracer, attributes } = this.#of
    const { context } = this.#step
    this.#attempt = open(tracer, `attempt ${name}`, context, {
      ...attributes,
      [STEP_NAME]: name,
      [STEP_KEY]: this.#key,
      [STEP_ATTEMPT]: this.#number,
    })
  }
}
