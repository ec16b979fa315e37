/** Operations outside of a workflow (M7): the same limits, cancellation and shapes, in memory, nothing recorded. */
import type { Codec } from './codec/codec.ts'
import { consoleLogger } from './console-logger.ts'
import type { CancelledError } from './errors.ts'
import { type Host, type Leaf, RAN_AWAY } from './host.ts'
import type { Clock } from './ports/clock.ts'
import type { Completion, Effect, Encoded, RunningAttempt, StepEffect, StepOutcome } from './ports/effects.ts'
import type { Logger } from './ports/logger.ts'
import { runInScope, Scope } from './scope.ts'
import { systemClock } from './system-clock.ts'

/** Values stay as they are: nothing leaves the process. */
const identity: Codec = {
  encode: (value: unknown) => value as Encoded,
  decode: (encoded: Encoded) => encoded,
  encodeError: (thrown: unknown) => thrown as Encoded,
  decodeError: (encoded: Encoded) => encoded,
}

interface Running {
  abort(reason: CancelledError): void
}

/** Calls of one step's function that have not ended: several when an attempt was given up and went on. */
interface Calls {
  count: number
  /** What waits for the last of them to end. */
  readonly waiting: Leaf[]
}

class InlineHost implements Host {
  readonly runId = undefined
  readonly codec: Codec = identity
  readonly log: Logger
  readonly #clock: Clock
  readonly #random: () => number
  readonly #running = new Map<Leaf, Running>()
  readonly #calls = new Map<Leaf, Calls>()

  constructor(clock: Clock, log: Logger, random: () => number) {
    this.#clock = clock
    this.log = log
    this.#random = random
  }

  created(): void {}
  adopted(): void {}
  /** No run, so nothing that fails as a whole. */
  compensable(): void {}
  groupChanged(): void {}
  groupEnded(): void {}

  ranAway(): void {
    this.log.error(RAN_AWAY)
  }

  start(leaf: Leaf, effect: Effect): void {
    if (effect.kind === 'step') this.#startStep(leaf, effect)
    else if (effect.kind === 'timer') this.#startTimer(leaf, effect.duration)
    else if (effect.kind === 'abort') this.#watch(leaf, effect.signal, effect.probe)
    else throw new TypeError(`An operation of kind "${effect.kind}" exists only inside a workflow`)
  }

  cancel(leaf: Leaf, reason: CancelledError): void {
    const running = this.#running.get(leaf)
    this.#running.delete(leaf)
    running?.abort(reason)
  }

  whenStopped(target: Leaf, leaf: Leaf): void {
    const calls = this.#calls.get(target)
    if (calls === undefined) queueMicrotask(() => this.#stopped(leaf))
    else calls.waiting.push(leaf)
  }

  chance(): number {
    return this.#random()
  }

  #startStep(leaf: Leaf, effect: StepEffect): void {
    if (effect.notBefore > this.#clock.now())
      this.#schedule(leaf, effect.notBefore, () => this.#attempt(leaf, effect))
    else this.#attempt(leaf, effect)
  }

  #attempt(leaf: Leaf, effect: StepEffect): void {
    const startedAt = this.#clock.now()
    const { attempt } = effect
    const call: { running?: RunningAttempt; aborted?: CancelledError } = {}
    this.#called(leaf)
    // Before the function is called: it may itself cause the abort.
    this.#running.set(leaf, {
      abort: (reason) => {
        call.aborted = reason
        call.running?.abort(reason)
      },
    })
    call.running = effect.execute({
      attempt,
      clock: this.#clock,
      report: (outcome) => {
        this.#running.delete(leaf)
        leaf.deliver(completionOf(leaf, outcome, attempt, startedAt, this.#clock.now()))
      },
      ended: () => this.#ended(leaf),
    })
    if (call.aborted !== undefined) call.running.abort(call.aborted)
  }

  #called(leaf: Leaf): void {
    const calls = this.#calls.get(leaf)
    if (calls === undefined) this.#calls.set(leaf, { count: 1, waiting: [] })
    else calls.count++
  }

  #ended(leaf: Leaf): void {
    const calls = this.#calls.get(leaf)
    if (calls === undefined || --calls.count > 0) return
    this.#calls.delete(leaf)
    for (const one of calls.waiting) this.#stopped(one)
  }

  #stopped(leaf: Leaf): void {
    leaf.deliver({ kind: 'stopped', key: leaf.key, at: this.#clock.now() })
  }

  #startTimer(leaf: Leaf, duration: number): void {
    this.#schedule(leaf, this.#clock.now() + duration, () =>
      leaf.deliver({ kind: 'timer-fired', key: leaf.key, at: this.#clock.now() }),
    )
  }

  #schedule(leaf: Leaf, at: number, fire: () => void): void {
    const cancel = this.#clock.schedule(at, () => {
      this.#running.delete(leaf)
      fire()
    })
    this.#running.set(leaf, { abort: cancel })
  }

  #watch(leaf: Leaf, signal: AbortSignal, probe: boolean): void {
    const fire = (): void => {
      if (!this.#running.delete(leaf)) return
      const place = { key: leaf.key, at: this.#clock.now() }
      leaf.deliver(
        signal.aborted
          ? { kind: 'aborted', ...place, payload: signal.reason as Encoded }
          : { kind: 'abort-absent', ...place },
      )
    }
    this.#running.set(leaf, { abort: () => signal.removeEventListener('abort', fire) })
    if (probe || signal.aborted) queueMicrotask(fire)
    else signal.addEventListener('abort', fire, { once: true })
  }
}

function completionOf(
  leaf: Leaf,
  outcome: StepOutcome,
  attempt: number,
  startedAt: number,
  at: number,
): Completion {
  const { key } = leaf
  const { payload } = outcome
  if (outcome.kind === 'done') return { kind: 'step-done', key, at, attempt, startedAt, payload }
  const { retryAt } = outcome
  return {
    kind: 'step-failed',
    key,
    at,
    attempt,
    startedAt,
    payload,
    ...(retryAt === undefined ? {} : { retryAt }),
  }
}

export interface InlineOptions {
  readonly clock?: Clock
  readonly log?: Logger
  readonly random?: () => number
}

const everyday = newScope({})

/** The scope of code that runs outside of any workflow. */
export function inlineScope(): Scope {
  return everyday
}

/** Runs `body` outside of any workflow, with other sources of time and randomness than the machine's (D6). */
export function runInline<T>(options: InlineOptions, body: () => T): T {
  return runInScope(newScope(options), body)
}

function newScope({ clock = systemClock, log = consoleLogger, random = Math.random }: InlineOptions): Scope {
  return new Scope(new InlineHost(clock, log, random), '')
}
