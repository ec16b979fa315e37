import { RestatePromise, type WorkflowContext, type internal } from '@restatedev/restate-sdk'
import type { Codec } from '../core/codec/codec.ts'
import { CancelledError, NonDeterminismError, SerializationError } from '../core/errors.ts'
import { payloadSize } from '../core/payload-size.ts'
import type { Clock } from '../core/ports/clock.ts'
import {
  CANCEL_KEY,
  type ChildEffect,
  type Completion,
  type Effect,
  type Effects,
  type Key,
  type StepEffect,
  type StepOutcome,
  type StopEffect,
} from '../core/ports/effects.ts'
import { stepCompletion } from '../core/step-completion.ts'
import { drained } from '../core/turn.ts'
import { AbortWatches } from '../effects/abort-watches.ts'
import { Answers } from '../effects/answers.ts'
import { type StepExecution, StepExecutions } from '../effects/step-executions.ts'
import { type ChildPlace, Children, type ChildReports } from './children.ts'
import { Deadlines } from './deadlines.ts'
import { Inbox } from './inbox.ts'
import { CANCEL_PROMISE, type CancelRequest } from './messages.ts'
import { type Recorded, reusableOf } from './recorded.ts'
import { asksInstead } from './changed-code.ts'
import { type Happened, Turns } from './turns.ts'

export type RunContext = WorkflowContext & internal.ContextInternal

export interface RestateEffectsOptions {
  readonly ctx: RunContext
  readonly runId: string
  readonly createdAt: number
  readonly codec: Codec
  readonly clock: Clock
  /** Milliseconds that a recorded happening waits for what it belongs to, before the code is taken for changed (D5). */
  readonly patience: number
  /** @param now by what was delivered */
  readonly placeOf: (effect: ChildEffect, now: number) => ChildPlace
  readonly failureIn: ChildReports['failureIn']
  /** What earlier executions of the run have left. */
  readonly recorded: Recorded
}

/** Of a payload, in characters: Restate takes no message of more than 32 MiB. */
const LONGEST_PAYLOAD = 10 * 1024 * 1024

/** Characters of all that is kept for the execution that repeats the run. */
const KEPT = 64 * 1024 * 1024

/** No operation can have it. */
const TIME_KEY: Key = '!time'

const NO_ATTEMPTS: ReadonlyMap<Key, number> = new Map()

/**
 * The `Effects` port over Restate's journal, for one execution of one run. `next()` is the one place that awaits a promise
 * of Restate: a race over all that the run waits for, whose winner is in the journal. Invariants:
 * 1. What is asked of Restate, and in which order, follows from what was delivered: a replay asks the same.
 * 2. Times are those of what was delivered; the wall clock is looked at only for what is recorded then.
 * 3. After `close` nothing starts.
 */
export class RestateEffects implements Effects {
  /** Restate answers from its journal what was recorded, in its order: nothing is left to be held by the runtime. */
  readonly recorded = 0
  readonly #options: RestateEffectsOptions
  readonly #turns: Turns
  readonly #deadlines: Deadlines
  readonly #answers: Answers
  readonly #steps: StepExecutions
  readonly #aborts: AbortWatches
  readonly #inbox: Inbox
  readonly #children: Children
  /** What is left behind if the run does not succeed. */
  readonly #delivered: Completion[] = []
  #keeps = KEPT
  #ready: Completion[] = []
  /** When the last completion happened that `next` has returned. */
  #now: number
  /** What was delivered last happened in this process, just before it was recorded: its time is the time. */
  #isNow = false
  /** Timers that have no deadline yet, with their durations. */
  readonly #undated = new Map<Key, number>()
  #racing = false
  #over = false
  /** Why this execution ends before the run does. */
  #left: CancelledError | undefined
  #asked: (() => void) | undefined
  readonly #unstartable = Promise.withResolvers<never>()
  /** Tells that the run is asked to end, and then why; undefined when that is known. */
  #request: RestatePromise<() => void> | undefined

  constructor(options: RestateEffectsOptions) {
    const { ctx, clock, codec, createdAt } = options
    this.#options = options
    this.#now = createdAt
    this.#unstartable.promise.catch(() => undefined)
    this.#turns = new Turns(ctx, (happened) => this.#dealAll(happened))
    this.#deadlines = new Deadlines(ctx, clock)
    const reusable = reusableOf(options.recorded)
    this.#answers = new Answers(reusable, {
      record: (completion) => {
        this.#isNow = false
        this.#put(completion)
      },
      execute: (effect) => this.#execute(effect),
    })
    this.#steps = new StepExecutions(clock, NO_ATTEMPTS, (key) => reusable.timesUndone(key), {
      started: () => undefined,
      completed: (execution, outcome) => this.#stepEnded(execution, outcome),
      cancelled: () => undefined,
      givenUp: () => () => undefined,
    })
    this.#aborts = new AbortWatches({
      aborted: (key, reason) => {
        const payload = codec.encodeError(reason)
        this.#turns.happened({ kind: 'aborted', key, at: clock.now(), payload })
      },
      absent: (key) => this.#turns.happened({ kind: 'abort-absent', key, at: clock.now() }),
    })
    const encodeError = (thrown: unknown): string => codec.encodeError(thrown)
    this.#inbox = new Inbox(ctx, this.#turns, { ended: (completion) => this.#put(completion), encodeError })
    this.#children = new Children(ctx, () => this.#now, {
      ended: (completion) => this.#put(completion),
      encodeError,
      failureIn: options.failureIn,
    })
    this.#request = ctx.cancellation().map(() => () => this.#askedToEnd())
  }

  /** Rejects when something was asked for at a moment that Restate's journal does not know. */
  get unstartable(): Promise<never> {
    return this.#unstartable.promise
  }

  start(effect: Effect): void {
    if (this.#over) return
    if (this.#racing && !(this.#turns.live && isLocal(effect) && this.#turns.wanted))
      this.#unstartable.reject(notAnOperation(effect.key))
    else this.#answers.start(effect)
    this.#asked?.()
  }

  #execute(effect: Effect): void {
    const { key } = effect
    if (effect.kind === 'step') this.#startStep(effect)
    else if (effect.kind === 'timer') this.#startTimer(key, effect.duration)
    else if (effect.kind === 'event') this.#inbox.start(effect)
    else if (effect.kind === 'child') this.#startChild(effect)
    else if (effect.kind === 'abort') this.#turns.expect(key, () => this.#aborts.start(effect))
    else this.#awaitStop(effect)
  }

  cancel(key: Key, reason: CancelledError): void {
    this.#answers.cancel(key)
    this.#turns.forget(key)
    this.#steps.cancel(key, reason)
    this.#undated.delete(key)
    this.#deadlines.cancel(key)
    this.#inbox.cancel(key)
    this.#aborts.cancel(key)
    this.#children.cancel(key, reason)
  }

  async next(): Promise<readonly Completion[]> {
    this.#answers.delivered()
    if (!this.#answers.quiet) await drained()
    while (this.#ready.length === 0 && !this.#over) {
      const waits = this.#waits()
      if (waits.length === 0) await this.#somethingIsAsked()
      else {
        this.#racing = true
        const deal = await RestatePromise.race(
          this.#request === undefined ? waits : [...waits, this.#request],
        )
        this.#racing = false
        if (this.#over) break // nothing is expected here any more
        this.#isNow = false
        deal()
        await this.#known()
      }
    }
    if (this.#left !== undefined) throw this.#left
    const completions = this.#over ? [] : this.#ready
    this.#ready = []
    for (const { at } of completions) this.#now = Math.max(this.#now, at)
    for (const completion of completions) this.#keep(completion)
    this.#answers.delivering(completions)
    return completions
  }

  /** When the last completion happened that was delivered: the same on a replay. */
  get now(): number {
    return this.#now
  }

  /** What this execution and those before it have come to. */
  get history(): Recorded {
    const { completions, orders } = this.#options.recorded
    return { completions: [...completions, ...this.#delivered], orders: [...orders, completions.length] }
  }

  /** Restate's journal keeps no notes: its own UI shows what a run is made of. */
  groupBegan(): void {}

  groupEnded(): void {}

  close(): void {
    if (this.#over) return
    const reason = new CancelledError({ kind: 'run-ended' })
    this.#children.cancelAll(reason)
    this.#end(reason)
  }

  /** This execution ends, and the run may go on elsewhere: what runs here is aborted. */
  abandon(reason: CancelledError): void {
    this.#left ??= reason
    this.#end(reason)
  }

  #end(reason: CancelledError): void {
    this.#over = true
    this.#answers.close()
    this.#steps.cancelAll(() => reason)
    this.#aborts.cancelAll()
    this.#inbox.cancelAll()
    this.#undated.clear()
    this.#deadlines.cancelAll()
    this.#turns.forgetAll()
    this.#asked?.()
  }

  /** Begins nothing more; resolves when what runs here has ended and is recorded. */
  async settle(): Promise<void> {
    this.#turns.hold()
    await this.#steps.idle()
    await this.#turns.flushed()
  }

  #waits(): RestatePromise<() => void>[] {
    const one = [this.#turns.source, this.#deadlines.source, this.#inbox.source]
    return [...one.filter((source) => source !== undefined), ...this.#children.sources()]
  }

  /** The code awaits something that is no operation: there is nothing that Restate could be asked for meanwhile. */
  async #somethingIsAsked(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#asked = resolve
    })
    this.#asked = undefined
  }

  /** Up to a limit: results are not to stay in memory for the case that the run fails and is repeated. */
  #keep(completion: Completion): void {
    this.#keeps -= payloadSize(completion)
    if (this.#keeps >= 0) this.#delivered.push(completion)
  }

  #put(completion: Completion): void {
    this.#ready.push(completion)
  }

  #startChild(effect: ChildEffect): void {
    const { codec, placeOf } = this.#options
    let place: ChildPlace
    try {
      place = placeOf(effect, this.#now)
    } catch (error) {
      const { key, workflowName: name = '', id = name } = effect
      this.#put({ kind: 'child-failed', key, at: this.#now, name: id, payload: codec.encodeError(error) })
      return
    }
    this.#children.start(effect, place)
  }

  /**
   * What was delivered last may have happened long ago, if nobody executed the run meanwhile: what time it is now is recorded
   * first then.
   */
  #startTimer(key: Key, duration: number): void {
    if (this.#isNow) return this.#arm(key, duration)
    this.#undated.set(key, duration)
    if (!this.#turns.expects(TIME_KEY))
      this.#turns.expect(TIME_KEY, () =>
        this.#turns.happened({ kind: 'time', key: TIME_KEY, at: this.#options.clock.now() }),
      )
  }

  #arm(key: Key, duration: number): void {
    this.#deadlines.arm(key, this.#now + duration, (at) => this.#put({ kind: 'timer-fired', key, at }))
  }

  #told(at: number): void {
    this.#now = Math.max(this.#now, at)
    for (const [key, duration] of this.#undated) this.#arm(key, duration)
    this.#undated.clear()
  }

  #startStep(effect: StepEffect): void {
    const { key, notBefore } = effect
    const begin = (): void => this.#turns.expect(key, () => this.#steps.begin(effect))
    if (notBefore > this.#now) this.#deadlines.arm(key, notBefore, begin)
    else begin()
  }

  #stepEnded(execution: StepExecution, outcome: StepOutcome): void {
    const { clock, codec } = this.#options
    const { length } = outcome.payload
    const kept: StepOutcome =
      length <= LONGEST_PAYLOAD
        ? outcome
        : { kind: 'failed', payload: codec.encodeError(new SerializationError('result', tooLong(length))) }
    this.#turns.happened(stepCompletion(execution, kept, clock.now()))
  }

  #awaitStop({ key, target }: StopEffect): void {
    const at = this.#now
    if (this.#children.knows(target))
      this.#children.whenEnded(target, () => this.#put({ kind: 'stopped', key, at }))
    else
      this.#turns.expect(key, () =>
        this.#steps.whenEnded(target, () =>
          this.#turns.happened({ kind: 'stopped', key, at: this.#options.clock.now() }),
        ),
      )
  }

  /** By whoever holds a handle, who has left a reason, or by Restate's UI or command line. */
  #askedToEnd(): void {
    const reason = this.#options.ctx.promise<CancelRequest>(CANCEL_PROMISE).peek()
    this.#request = (reason as RestatePromise<CancelRequest | undefined>).map(
      (request) => () => this.#cancelRequested(request),
    )
  }

  #cancelRequested(request: CancelRequest | undefined): void {
    this.#request = undefined
    const payload = request?.reason ?? this.#options.codec.encodeError(undefined)
    this.#put({ kind: 'cancel-requested', key: CANCEL_KEY, at: request?.at ?? this.#now, payload })
  }

  /** Recorded happenings of a turn, whose operations have not been asked for yet. */
  #unknown: Happened[] = []

  #dealAll(happened: readonly Happened[]): void {
    this.#isNow = happened.some((one) => 'at' in one)
    this.#unknown = [...happened]
    this.#deal()
  }

  /** In their order, up to one whose operation is not known. */
  #deal(): void {
    for (
      let one = this.#unknown[0];
      one !== undefined && this.#turns.expects(one.key);
      one = this.#unknown[0]
    ) {
      this.#unknown.shift()
      this.#turns.delivered(one.key)
      if (one.kind === 'verdict') this.#inbox.decided(one)
      else if (one.kind === 'time') this.#told(one.at)
      else this.#put(one)
    }
  }

  /** On a replay, code that awaits something that is no operation may come later to what it asks for. */
  async #known(): Promise<void> {
    const { clock, patience, runId } = this.#options
    const until = clock.steady() + patience
    for (let [missing] = this.#unknown; missing !== undefined && !this.#over; [missing] = this.#unknown) {
      const stop = clock.after(until - clock.steady(), () => this.#asked?.())
      await this.#somethingIsAsked()
      stop()
      this.#deal()
      if (this.#unknown[0] === missing && clock.steady() >= until && !this.#over)
        throw new NonDeterminismError(runId, missing.key, this.#turns.keys, asksInstead(this.#turns.keys))
    }
  }
}

/** Happens in this process, and is recorded by a turn. */
function isLocal({ kind }: Effect): boolean {
  return kind === 'step' || kind === 'abort' || kind === 'stop'
}

function notAnOperation(key: Key): Error {
  return new Error(
    `"${key}" was asked for while the run waited for something else: \`execute\` awaits something that is not an operation (a bare fetch or timer belongs in a step). Restate cannot replay that`,
  )
}

function tooLong(characters: number): string {
  return `has ${characters.toLocaleString('en')} characters when stored, and at most ${LONGEST_PAYLOAD.toLocaleString('en')} are possible with Restate: store it elsewhere, and return where it is`
}
