/**
 * What an engine gives one run, and all that the runtime knows of the world.
 *
 * Effects are what `execute` asks for; completions are what came of it, in the one durable order (D1). Values
 * cross the port encoded; types are erased here. An engine never interprets a value.
 */
import type { CancelledError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { Surrounding } from './surrounding.ts'

/** An operation's identity in the journal: scope and name, escaped so that no two can collide (M3). */
export type Key = string

/** A value or an error in the form that the codec gave it. */
export type Encoded = string

export interface Effects {
  /** How many completions `next()` will return that were recorded before this execution began. */
  readonly recorded: number
  /** Begins the effect. Never throws; whatever goes wrong is a completion, or a rejection of `next()`. */
  start(effect: Effect): void
  /** For those who trace it: the effect is asked for now, and starts later, when the replay has caught up. */
  held?(effect: Effect): void
  /**
   * Nobody wants the effect any more: abort it and commit no completion for it after this (R3). One that
   * is committed already is still delivered, and ignored by the runtime (D4).
   * @param held the effect, where this execution never started it (D4) but an earlier one may have: a child run lives
   *   on by itself, and must be told
   */
  cancel(key: Key, reason: CancelledError, held?: Effect): void
  /**
   * The next completions, in the durable order, each only once it is committed (D3). Never an empty batch
   * except after `close()`. Rejects when the run cannot go on here (store failed, lease lost, engine stopped):
   * the run then stays resumable.
   */
  next(): Promise<readonly Completion[]>
  /**
   * For those who look at the run later: nothing depends on it, and an engine may forget it. A replay tells it again.
   * @param at when, if that was before now: while a replay goes on
   */
  groupBegan(group: DescribedGroup, at?: number): void
  /** The group has its outcome. The same otherwise. */
  groupEnded(key: Key, at?: number): void
  /** `execute` has ended: whatever still runs is cancelled as `run-ended`, and a waiting `next()` returns `[]`. */
  close(): void
}

/** A group that begins. */
export interface DescribedGroup {
  readonly key: Key
  /** Made when it is asked for: of one that does not grow, only while it begins. */
  readonly shape: GroupShape
  /** Its branches come from an iterable: there may be more of them each time it is asked for its shape. */
  readonly grows: boolean
}

/** What a group is made of. */
export interface GroupShape {
  readonly kind: 'parallel' | 'race' | 'any'
  /** Most branches at once; absent where there is no limit. */
  readonly limit: number | undefined
  /** Branches that there are; of an iterable, those that it had given. */
  readonly size: number
  /**
   * Keys of the branches that are operations, by their position; a function branch has an empty one, as it is found by the prefix
   * of its keys. Absent where all are functions, or where there are too many to write down.
   */
  readonly members: readonly Key[] | undefined
}

export type Effect = StepEffect | TimerEffect | ChildEffect | EventEffect | AbortEffect | StopEffect

/** What became of an attempt, ready to be journaled. */
export type StepOutcome =
  | { readonly kind: 'done'; readonly payload: Encoded }
  | { readonly kind: 'failed'; readonly payload: Encoded; readonly retryAt?: number }

/** A step that the runtime asks an engine to run. */
export interface StepEffect {
  readonly kind: 'step'
  readonly key: Key
  readonly name: string
  /** At least this; more when earlier attempts left no outcome (a crash). */
  readonly attempt: number
  /** The attempt must not begin before this time: the delay of a retry. 0 for none. */
  readonly notBefore: number
  /** It has a retry policy: another attempt may follow a failed one. Default: none does. */
  readonly retries?: boolean
  execute(control: AttemptControl): RunningAttempt
}

/** What an engine gives an attempt. */
export interface AttemptControl {
  readonly attempt: number
  /** How often the step had been done and undone again before (`retry` of a compensated run). Default 0. */
  readonly undone?: number
  readonly clock: Clock
  /** The function is called inside of this. */
  readonly trace?: Surrounding | undefined
  /** Called at most once, never synchronously, and not at all after `abort` (R3). */
  report(outcome: StepOutcome): void
  /** The function has really ended. Comes just before the report, or after it (a timeout), or alone (an abort). */
  ended(): void
}

/** An attempt under way. */
export interface RunningAttempt {
  /** Its outcome is not wanted any more: aborts its signal, and nothing is reported after this. */
  abort(reason: CancelledError): void
}

/** Fires once. The engine journals the absolute deadline when the timer starts, so that it survives a crash. */
export interface TimerEffect {
  readonly kind: 'timer'
  readonly key: Key
  /** Milliseconds from the first start of this timer in the life of the run. */
  readonly duration: number
}

/** A run of its own (M9), started once however often the parent is replayed. */
export interface ChildEffect {
  readonly kind: 'child'
  readonly key: Key
  /** Opaque to everything between the programming model and the engine. */
  readonly workflow: unknown
  readonly workflowName: string | undefined
  readonly input: Encoded
  /** The child's id; by default the engine derives one from the parent's id and the key. */
  readonly id: string | undefined
}

/** The first event, in order of arrival, with one of the names, that `accepts` agrees to. An event is received once. */
export interface EventEffect {
  readonly kind: 'event'
  readonly key: Key
  readonly names: readonly string[]
  /**
   * Called live only: what it decided is in the journal. A throw fails the wait. Absent when every event of the names will
   * do: nothing has to be decided then.
   */
  readonly accepts?: (name: string, payload: Encoded) => boolean
}

/** An abort from outside the run: when it was seen is decided once, and journaled. */
export interface AbortEffect {
  readonly kind: 'abort'
  readonly key: Key
  readonly signal: AbortSignal
  /** Completes at once: `aborted`, or `abort-absent` if that is how it stands. Otherwise it waits for the abort. */
  readonly probe: boolean
}

/**
 * Completes when what was cancelled has really ended: the function of a step (at once when it does not run in this
 * process), a child run, wherever it is executed.
 */
export interface StopEffect {
  readonly kind: 'stop'
  readonly key: Key
  /** The step, or the invocation of a child, that was cancelled. */
  readonly target: Key
}

interface Completed<Kind extends string> {
  readonly kind: Kind
  readonly key: Key
  /** When it happened, by the engine's clock. */
  readonly at: number
}

export interface StepDone extends Completed<'step-done'> {
  readonly attempt: number
  readonly startedAt: number
  readonly payload: Encoded
}

export interface StepFailed extends Completed<'step-failed'> {
  readonly attempt: number
  readonly startedAt: number
  readonly payload: Encoded
  /** When the next attempt is due; absent when the step failed for good. Decided once, by the live attempt. */
  readonly retryAt?: number
}

export type TimerFired = Completed<'timer-fired'>

export interface EventReceived extends Completed<'event-received'> {
  readonly name: string
  readonly payload: Encoded
}

/** The wait's own filter threw. */
export interface EventFailed extends Completed<'event-failed'> {
  readonly payload: Encoded
}

export interface ChildDone extends Completed<'child-done'> {
  /** The child's id. */
  readonly name: string
  readonly payload: Encoded
}

export interface ChildFailed extends Completed<'child-failed'> {
  readonly name: string
  readonly payload: Encoded
}

export interface Aborted extends Completed<'aborted'> {
  /** The signal's reason, encoded as an error. */
  readonly payload: Encoded
}

/** The signal was not aborted when it was looked at. */
export type AbortAbsent = Completed<'abort-absent'>

export type Stopped = Completed<'stopped'>

/** Someone asked for the whole run to be cancelled. Its key is `CANCEL_KEY`. */
export interface CancelRequested extends Completed<'cancel-requested'> {
  readonly payload: Encoded
}

/** No operation can have this key: `!` is escaped in names. */
export const CANCEL_KEY: Key = '!cancel'

/** Of the note that says how the run is traced. */
export const TRACE_KEY: Key = '!trace'

export type Completion =
  | StepDone
  | StepFailed
  | TimerFired
  | EventReceived
  | EventFailed
  | ChildDone
  | ChildFailed
  | Aborted
  | AbortAbsent
  | Stopped
  | CancelRequested

type Unplaced<C> = C extends Completion ? Omit<C, 'key' | 'at'> : never

/** A completion before it has its key and its time. */
export type Happening = Unplaced<Completion>
