/** What a virtual world does for an effect that runs: one class per way of coming to an end. */
import type { CancelledError } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type {
  AbortEffect,
  Encoded,
  Happening,
  Key,
  RunningAttempt,
  StepEffect,
  StepOutcome,
} from '../../core/ports/effects.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/** What an activity waits for the clock for: a timer to fire, a retry to begin, or its time to be up. */
export interface Due {
  readonly at: number
  readonly kind: 'timer' | 'retry' | 'deadline'
}

export interface Activity {
  /** What came of it; undefined until then. Held back until the director lets it happen. */
  readonly happening: Happening | undefined
  /** Undefined while it does not wait for the clock. Stays when something has come of it: no later time can have come before that. */
  readonly due?: Due | undefined
  /** Something is under way that comes to an end by itself, perhaps. */
  readonly busy?: boolean
  cancel(reason: CancelledError): void
}

export interface StepWatch {
  /** The function is called now. */
  began(attempt: number): void
  /** The function has ended. */
  ended(): void
  /** When the attempt's time is up, if that is not `at`. */
  deadline?(attempt: number, at: number): number
  /** The runtime broke the contract of the port. */
  violated(what: string): void
}

/** A step: its real function is called, after the delay of a retry. */
export class StepActivity implements Activity {
  happening: Happening | undefined
  due: Due | undefined
  readonly #clock: VirtualClock
  readonly #watch: StepWatch
  #attempt: RunningAttempt | undefined
  #cancelled = false
  #cancelDelay: (() => void) | undefined

  /** @param begun the last attempt that is known to have begun before */
  constructor(effect: StepEffect, clock: VirtualClock, begun: number, watch: StepWatch) {
    const attempt = Math.max(effect.attempt, begun + 1)
    this.#clock = clock
    this.#watch = watch
    if (effect.notBefore <= clock.now()) {
      this.#begin(effect, attempt)
      return
    }
    this.due = { at: effect.notBefore, kind: 'retry' }
    this.#cancelDelay = clock.schedule(effect.notBefore, () => this.#begin(effect, attempt))
  }

  get busy(): boolean {
    return this.#attempt !== undefined && this.happening === undefined
  }

  cancel(reason: CancelledError): void {
    this.#cancelled = true
    this.#cancelDelay?.()
    this.#attempt?.abort(reason)
  }

  #begin(effect: StepEffect, attempt: number): void {
    const startedAt = this.#clock.now()
    let starting = true
    this.#cancelDelay = undefined
    this.due = undefined
    this.#watch.began(attempt)
    this.#attempt = effect.execute({
      attempt,
      clock: this.#watched(this.#clock, attempt),
      ended: () => this.#watch.ended(),
      report: (outcome) => {
        if (starting) this.#watch.violated(`${effect.key} reported synchronously`)
        if (this.#cancelled) this.#watch.violated(`${effect.key} reported after it was aborted`)
        if (this.happening !== undefined) this.#watch.violated(`${effect.key} reported twice`)
        this.happening = happeningOf(outcome, attempt, startedAt)
      },
    })
    starting = false
  }

  /** An attempt asks its clock for one thing only: to be told when its time is up. */
  #watched(clock: VirtualClock, attempt: number): Clock {
    return {
      now: () => clock.now(),
      steady: () => clock.steady(),
      schedule: (at, fire) => clock.schedule(at, fire),
      every: (interval, fire) => clock.every(interval, fire),
      after: (delay, fire) => {
        const at = this.#watch.deadline?.(attempt, clock.now() + delay) ?? clock.now() + delay
        this.due = { at, kind: 'deadline' }
        return clock.after(at - clock.now(), fire)
      },
    }
  }
}

function happeningOf(outcome: StepOutcome, attempt: number, startedAt: number): Happening {
  const { payload } = outcome
  if (outcome.kind === 'done') return { kind: 'step-done', attempt, startedAt, payload }
  const { retryAt } = outcome
  return { kind: 'step-failed', attempt, startedAt, payload, ...(retryAt === undefined ? {} : { retryAt }) }
}

/** Timers with which the library ends a wait. What else has a timer (a sleep, a stagger) means to wait. */
const DEADLINE = /!(timeout|grace)$/

export class TimerActivity implements Activity {
  happening: Happening | undefined
  readonly due: Due
  readonly cancel: () => void

  constructor(clock: VirtualClock, { key, at }: { readonly key: Key; readonly at: number }) {
    this.due = { at, kind: DEADLINE.test(key) ? 'deadline' : 'timer' }
    this.cancel = clock.schedule(at, () => {
      this.happening = { kind: 'timer-fired' }
    })
  }
}

/** What a child run comes to, as the world's script says. */
export interface ChildEnd {
  readonly status: 'done' | 'failed'
  readonly payload: Encoded
}

/** A child run, as its parent sees it. */
export interface VirtualChild {
  readonly id: string
  /** Undefined until it has ended, which may be never. */
  readonly end: ChildEnd | undefined
  cancel(reason: CancelledError): void
}

export class ChildActivity implements Activity {
  readonly #child: VirtualChild

  constructor(child: VirtualChild) {
    this.#child = child
  }

  get happening(): Happening | undefined {
    const { id, end } = this.#child
    if (end === undefined) return undefined
    return { kind: end.status === 'done' ? 'child-done' : 'child-failed', name: id, payload: end.payload }
  }

  cancel(reason: CancelledError): void {
    this.#child.cancel(reason)
  }
}

export class AbortActivity implements Activity {
  readonly #effect: AbortEffect
  readonly #encodeError: (reason: unknown) => Encoded

  constructor(effect: AbortEffect, encodeError: (reason: unknown) => Encoded) {
    this.#effect = effect
    this.#encodeError = encodeError
  }

  get happening(): Happening | undefined {
    const { signal, probe } = this.#effect
    if (signal.aborted) return { kind: 'aborted', payload: this.#encodeError(signal.reason) }
    return probe ? { kind: 'abort-absent' } : undefined
  }

  cancel(): void {}
}

/** Ends when no function of the cancelled step runs here. */
export class StopActivity implements Activity {
  readonly #isRunning: () => boolean

  constructor(isRunning: () => boolean) {
    this.#isRunning = isRunning
  }

  get happening(): Happening | undefined {
    return this.#isRunning() ? undefined : { kind: 'stopped' }
  }

  get busy(): boolean {
    return this.#isRunning()
  }

  cancel(): void {}
}

/** A wait ends only with an event that the world sends; see `EventScript`. */
export class EventActivity implements Activity {
  readonly happening = undefined

  cancel(): void {}
}

/** Functions of steps that run, by key: a cancelled or timed out one may run beside its successor. */
export class RunningFunctions {
  readonly #counts = new Map<Key, number>()

  isRunning(key: Key): boolean {
    return (this.#counts.get(key) ?? 0) > 0
  }

  began(key: Key): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  ended(key: Key): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) - 1)
  }
}
