import { CancelledError } from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Happening, Key, RunningAttempt, StepEffect, StepOutcome } from '../core/ports/effects.ts'

export interface StepReports {
  /** An attempt begins now. */
  started(key: Key, attempt: number): void
  completed(key: Key, happening: Happening): void
  /** Its outcome is decided and its signal aborted, but its function still runs. @returns to be called when that has ended */
  givenUp(key: Key, attempt: number, reason: CancelledError): () => void
}

interface Execution {
  readonly number: number
  attempt: RunningAttempt | undefined
  ended: boolean
  /** Set while it runs on, given up. */
  onEnd: (() => void) | undefined
}

/**
 * The steps of one run that are running, or backing off, in this process. Invariants:
 * 1. An attempt that was cancelled is not reported, whatever it returns (R3).
 * 2. One whose outcome is decided while its function still runs (cancelled, timed out) lingers until that has ended.
 */
export class StepExecutions {
  readonly #clock: Clock
  readonly #reports: StepReports
  /** Attempts that earlier executions of the run began and may not have finished. */
  readonly #begun: ReadonlyMap<Key, number>
  /** Retries that are due later. */
  readonly #waiting = new Map<Key, { readonly due: number; readonly cancel: () => void }>()
  readonly #running = new Map<Key, Execution>()
  readonly #lingering = new Map<Key, Set<Execution>>()
  readonly #onEnded = new Map<Key, (() => void)[]>()
  #onIdle: (() => void) | undefined

  constructor(clock: Clock, begun: ReadonlyMap<Key, number>, reports: StepReports) {
    this.#clock = clock
    this.#begun = begun
    this.#reports = reports
  }

  /** No function of this run runs here, wanted or not. */
  get quiet(): boolean {
    return this.#running.size === 0 && this.#lingering.size === 0
  }

  /** No function that is wanted runs here. */
  get idling(): boolean {
    return this.#running.size === 0
  }

  get backingOff(): number {
    return this.#waiting.size
  }

  /** When the next retry is due; Infinity when none waits. */
  get nextRetry(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { due } of this.#waiting.values()) next = Math.min(next, due)
    return next
  }

  start(effect: StepEffect): void {
    const { key, notBefore } = effect
    if (notBefore <= this.#clock.now()) {
      this.#begin(effect)
      return
    }
    const cancel = this.#clock.schedule(notBefore, () => {
      this.#waiting.delete(key)
      this.#begin(effect)
    })
    this.#waiting.set(key, { due: notBefore, cancel })
  }

  /** Does nothing when no step of this key is under way here. */
  cancel(key: Key, reason: CancelledError): void {
    this.#waiting.get(key)?.cancel()
    this.#waiting.delete(key)
    const execution = this.#running.get(key)
    if (execution === undefined) return
    this.#decided(key, execution, reason)
    execution.attempt?.abort(reason)
  }

  cancelAll(reason: CancelledError): void {
    for (const key of this.#running.keys()) this.cancel(key, reason)
    this.stopWaiting()
  }

  /** Retries that are due later are left to the next execution: the delay is in the journal. */
  stopWaiting(): void {
    for (const { cancel } of this.#waiting.values()) cancel()
    this.#waiting.clear()
  }

  /** Calls back when no function of the step runs here any more; at once when none does. */
  whenEnded(key: Key, callback: () => void): void {
    if (!this.#lingering.has(key)) callback()
    else this.#onEnded.set(key, [...(this.#onEnded.get(key) ?? []), callback])
  }

  /** Resolves when no attempt is running. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#running.size === 0) resolve()
      else this.#onIdle = resolve
    })
  }

  #begin(effect: StepEffect): void {
    const { key } = effect
    const attempt = Math.max(effect.attempt, (this.#begun.get(key) ?? 0) + 1)
    const startedAt = this.#clock.now()
    const execution: Execution = { number: attempt, attempt: undefined, ended: false, onEnd: undefined }
    this.#running.set(key, execution)
    this.#reports.started(key, attempt)
    execution.attempt = effect.execute({
      attempt,
      clock: this.#clock,
      report: (outcome) => {
        this.#decided(key, execution, undefined)
        this.#reports.completed(key, happeningOf(outcome, attempt, startedAt))
      },
      ended: () => this.#ended(key, execution),
    })
  }

  /** @param reason undefined for an outcome that was reported: if its function still runs, it has timed out */
  #decided(key: Key, execution: Execution, reason: CancelledError | undefined): void {
    this.#running.delete(key)
    if (!execution.ended) {
      execution.onEnd = this.#reports.givenUp(
        key,
        execution.number,
        reason ?? new CancelledError({ kind: 'timeout', by: key }),
      )
      const others = this.#lingering.get(key)
      if (others === undefined) this.#lingering.set(key, new Set([execution]))
      else others.add(execution)
    }
    if (this.#running.size === 0) this.#onIdle?.()
  }

  #ended(key: Key, execution: Execution): void {
    execution.ended = true
    execution.onEnd?.()
    const lingering = this.#lingering.get(key)
    if (!lingering?.delete(execution) || lingering.size > 0) return
    this.#lingering.delete(key)
    const callbacks = this.#onEnded.get(key) ?? []
    this.#onEnded.delete(key)
    for (const callback of callbacks) callback()
  }
}

function happeningOf(outcome: StepOutcome, attempt: number, startedAt: number): Happening {
  const { payload } = outcome
  if (outcome.kind === 'done') return { kind: 'step-done', attempt, startedAt, payload }
  const { retryAt } = outcome
  return retryAt === undefined
    ? { kind: 'step-failed', attempt, startedAt, payload }
    : { kind: 'step-failed', attempt, startedAt, payload, retryAt }
}
