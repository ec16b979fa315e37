import { CancelledError } from '../core/errors.ts'
import { Lingering } from '../core/lingering.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { AttemptTrace } from '../core/ports/telemetry.ts'
import { SmallMap } from '../core/small-collections.ts'
import type { AttemptControl, Key, RunningAttempt, StepEffect, StepOutcome } from '../core/ports/effects.ts'

export interface StepReports {
  /** For those who trace it: the step is asked for now, and its attempt begins later. */
  waits?(effect: StepEffect): void
  /** An attempt begins now. */
  started(execution: StepExecution, effect: StepEffect): void
  completed(execution: StepExecution, outcome: StepOutcome): void
  /** It is given up while it runs. `noted`: `grownUp` has told that it runs. */
  cancelled(execution: StepExecution, reason: CancelledError, noted: boolean): void
  /** Its outcome is decided and its signal aborted, but its function still runs. @returns to be called when that has ended */
  givenUp(key: Key, attempt: number, reason: CancelledError): () => void
}

/** One attempt, and all that is kept of it: what it is given to report to, too. */
export class StepExecution implements AttemptControl {
  readonly key: Key
  readonly attempt: number
  readonly undone: number
  readonly startedAt: number
  running: RunningAttempt | undefined = undefined
  trace: AttemptTrace | undefined = undefined
  hasEnded = false
  /** Set while it runs on, given up. */
  onEnd: (() => void) | undefined = undefined
  readonly #of: StepExecutions

  constructor(of: StepExecutions, key: Key, attempt: number, undone: number) {
    this.#of = of
    this.key = key
    this.attempt = attempt
    this.undone = undone
    this.startedAt = of.clock.now()
  }

  get clock(): Clock {
    return this.#of.clock
  }

  report(outcome: StepOutcome): void {
    this.#of.reported(this, outcome)
  }

  ended(): void {
    this.hasEnded = true
    if (this.onEnd !== undefined) this.#of.ended(this, this.onEnd)
  }
}

/**
 * The steps of one run that are running, or backing off, in this process. Invariants:
 * 1. An attempt that was cancelled is not reported, whatever it returns (R3).
 * 2. One whose outcome is decided while its function still runs (cancelled, timed out) lingers until that has ended.
 */
export class StepExecutions {
  readonly clock: Clock
  readonly #reports: StepReports
  /** Attempts that earlier executions of the run began and may not have finished. */
  readonly #begun: ReadonlyMap<Key, number>
  /** Retries that are due later. */
  readonly #waiting = new SmallMap<Key, { readonly due: number; readonly cancel: () => void }>()
  /** Begun since notes were last written. */
  #young = new SmallMap<Key, StepExecution>()
  /** Begun before that. */
  readonly #old = new SmallMap<Key, StepExecution>()
  readonly #lingering = new Lingering<Key, StepExecution>()
  readonly #undone: (key: Key) => number
  #onIdle: (() => void) | undefined

  /** @param undone how often a step was done and undone before */
  constructor(
    clock: Clock,
    begun: ReadonlyMap<Key, number>,
    undone: (key: Key) => number,
    reports: StepReports,
  ) {
    this.clock = clock
    this.#undone = undone
    this.#begun = begun
    this.#reports = reports
  }

  /** No function of this run runs here, wanted or not. */
  get quiet(): boolean {
    return this.idling && this.#lingering.size === 0
  }

  /** No function that is wanted runs here. */
  get idling(): boolean {
    return this.#young.size === 0 && this.#old.size === 0
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
    if (notBefore === 0 || notBefore <= this.clock.now()) {
      this.begin(effect)
      return
    }
    this.#reports.waits?.(effect)
    const cancel = this.clock.schedule(notBefore, () => {
      this.#waiting.delete(key)
      this.begin(effect)
    })
    this.#waiting.set(key, { due: notBefore, cancel })
  }

  /** Does nothing when no step of this key is under way here. */
  cancel(key: Key, reason: CancelledError): void {
    this.#waiting.get(key)?.cancel()
    this.#waiting.delete(key)
    const young = this.#young.get(key)
    const execution = young ?? this.#old.get(key)
    if (execution === undefined) return
    this.#reports.cancelled(execution, reason, young === undefined)
    this.#decided(execution, reason)
    execution.running?.abort(reason)
  }

  /** @param reason made only when something runs */
  cancelAll(reason: () => CancelledError): void {
    if (!this.idling) {
      const made = reason()
      for (const key of this.#old.keys()) this.cancel(key, made)
      for (const key of this.#young.keys()) this.cancel(key, made)
    }
    this.stopWaiting()
  }

  /** @returns the attempts that run and were not returned before */
  grownUp(): Iterable<StepExecution> {
    const young = this.#young
    this.#young = new SmallMap()
    for (const execution of young.values()) this.#old.set(execution.key, execution)
    return young.values()
  }

  /** Retries that are due later are left to the next execution: the delay is in the journal. */
  stopWaiting(): void {
    for (const { cancel } of this.#waiting.values()) cancel()
    this.#waiting.clear()
  }

  /** Calls back when no function of the step runs here any more; at once when none does. */
  whenEnded(key: Key, callback: () => void): void {
    this.#lingering.whenEnded(key, callback)
  }

  /** Resolves when no attempt is running. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.idling) resolve()
      else this.#onIdle = resolve
    })
  }

  reported(execution: StepExecution, outcome: StepOutcome): void {
    this.#decided(execution, undefined)
    this.#reports.completed(execution, outcome)
  }

  /** The function of one that was given up has ended. */
  ended(execution: StepExecution, onEnd: () => void): void {
    onEnd()
    this.#lingering.ended(execution.key, execution)
  }

  /** Now, whenever its attempt is due. */
  begin(effect: StepEffect): void {
    const { key } = effect
    const attempt = Math.max(effect.attempt, (this.#begun.get(key) ?? 0) + 1)
    const execution = new StepExecution(this, key, attempt, this.#undone(key))
    this.#young.set(key, execution)
    this.#reports.started(execution, effect)
    execution.running = effect.execute(execution)
  }

  /** @param reason undefined for an outcome that was reported: if its function still runs, it has timed out */
  #decided(execution: StepExecution, reason: CancelledError | undefined): void {
    const { key } = execution
    if (!this.#young.delete(key)) this.#old.delete(key)
    if (!execution.hasEnded) this.#giveUp(execution, reason)
    if (this.#onIdle !== undefined && this.idling) this.#onIdle()
  }

  #giveUp(execution: StepExecution, reason: CancelledError | undefined): void {
    const { key, attempt } = execution
    execution.onEnd = this.#reports.givenUp(
      key,
      attempt,
      reason ?? new CancelledError({ kind: 'timeout', by: key }),
    )
    this.#lingering.add(key, execution)
  }
}
