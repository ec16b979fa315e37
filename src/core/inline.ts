/** Operations outside of a workflow (M7): the same limits, cancellation and shapes, in memory, nothing recorded. */
import { inOwnJob } from './ambient.ts'
import type { Codec } from './codec/codec.ts'
import { everydayLogger } from './console-logger.ts'
import type { CancelledError } from './errors.ts'
import { type Cancellable, deliverTo, type Host, type Leaf, RAN_AWAY } from './host.ts'
import { Lingering } from './lingering.ts'
import type { Clock } from './ports/clock.ts'
import type {
  AttemptControl,
  Effect,
  Encoded,
  Key,
  RunningAttempt,
  StepEffect,
  StepOutcome,
} from './ports/effects.ts'
import type { Logger } from './ports/logger.ts'
import { runInScope, Scope } from './scope.ts'
import { stepCompletion } from './step-completion.ts'
import { systemClock } from './system-clock.ts'

/** Values stay as they are: nothing leaves the process. */
const identity: Codec = {
  encode: (value: unknown) => value as Encoded,
  encodeInTurns: (value) => value as Encoded,
  decodeAhead: async () => undefined,
  decode: (encoded: Encoded) => encoded,
  encodeError: (thrown: unknown) => thrown as Encoded,
  decodeError: (encoded: Encoded) => encoded,
}

/** One call of a step's function. */
class Call implements AttemptControl, Cancellable {
  readonly attempt: number
  readonly leaf: Leaf
  #hasEnded = false
  readonly #host: InlineHost
  readonly startedAt: number
  #running: RunningAttempt | undefined
  /** The function has itself caused the abort, before it returned. */
  #cancelled: CancelledError | undefined

  constructor(host: InlineHost, leaf: Leaf, attempt: number) {
    this.#host = host
    this.leaf = leaf
    this.attempt = attempt
    this.startedAt = host.clock.now()
  }

  get clock(): Clock {
    return this.#host.clock
  }

  begin(effect: StepEffect): void {
    this.#running = effect.execute(this)
    if (this.#cancelled !== undefined) this.#running.abort(this.#cancelled)
  }

  get key(): Key {
    return this.leaf.key
  }

  report(outcome: StepOutcome): void {
    const { leaf } = this
    leaf.handle = undefined
    this.#giveUp()
    inOwnJob(deliverTo, leaf, stepCompletion(this, outcome, this.clock.now()))
  }

  ended(): void {
    this.#hasEnded = true
    const { lingering } = this.#host
    if (lingering.size > 0) lingering.ended(this.leaf, this)
  }

  cancel(reason: CancelledError): void {
    this.#cancelled = reason
    this.#giveUp()
    this.#running?.abort(reason)
  }

  #giveUp(): void {
    if (!this.#hasEnded) this.#host.lingering.add(this.leaf, this)
  }
}

class InlineHost implements Host {
  readonly runId = undefined
  readonly codec: Codec = identity
  readonly log: Logger
  readonly clock: Clock
  readonly #random: () => number
  readonly lingering = new Lingering<Leaf, Call>()

  constructor(clock: Clock, log: Logger, random: () => number) {
    this.clock = clock
    this.log = log
    this.#random = random
  }

  stir(): void {}
  wantsPlace(): boolean {
    return false
  }
  created(): void {}
  adopted(): void {}
  /** No run, so nothing that fails as a whole. */
  compensable(): void {}
  groupBegan(): void {}
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
    const { handle } = leaf
    leaf.handle = undefined
    handle?.cancel(reason)
  }

  whenStopped(target: Leaf, leaf: Leaf): void {
    const stopped = (): void => this.#stopped(leaf)
    if (this.lingering.has(target)) this.lingering.whenEnded(target, stopped)
    else queueMicrotask(stopped)
  }

  chance(): number {
    return this.#random()
  }

  #startStep(leaf: Leaf, effect: StepEffect): void {
    if (effect.notBefore > this.clock.now())
      this.#schedule(leaf, effect.notBefore, () => this.#attempt(leaf, effect))
    else this.#attempt(leaf, effect)
  }

  #attempt(leaf: Leaf, effect: StepEffect): void {
    const call = new Call(this, leaf, effect.attempt)
    leaf.handle = call
    call.begin(effect)
  }

  #stopped(leaf: Leaf): void {
    leaf.deliver({ kind: 'stopped', key: leaf.key, at: this.clock.now() })
  }

  #startTimer(leaf: Leaf, duration: number): void {
    this.#schedule(leaf, this.clock.now() + duration, () =>
      leaf.deliver({ kind: 'timer-fired', key: leaf.key, at: this.clock.now() }),
    )
  }

  #schedule(leaf: Leaf, at: number, fire: () => void): void {
    const cancel = this.clock.schedule(at, () => {
      leaf.handle = undefined
      fire()
    })
    leaf.handle = { cancel }
  }

  #watch(leaf: Leaf, signal: AbortSignal, probe: boolean): void {
    const fire = (): void => {
      if (leaf.handle === undefined) return
      leaf.handle = undefined
      const place = { key: leaf.key, at: this.clock.now() }
      leaf.deliver(
        signal.aborted
          ? { kind: 'aborted', ...place, payload: signal.reason as Encoded }
          : { kind: 'abort-absent', ...place },
      )
    }
    leaf.handle = { cancel: () => signal.removeEventListener('abort', fire) }
    if (probe || signal.aborted) queueMicrotask(fire)
    else signal.addEventListener('abort', fire, { once: true })
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

function newScope({ clock = systemClock, log = everydayLogger, random = Math.random }: InlineOptions): Scope {
  return new Scope(new InlineHost(clock, log, random), '')
}
