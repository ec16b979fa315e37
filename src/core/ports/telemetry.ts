/**
 * Who traces and measures runs: what an engine tells them, and how code is called so that whatever it traces itself nests.
 * Nothing here is needed to execute a run, and none of it throws.
 */
import type { CancelledError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { Key } from './effects.ts'
import type { GroupAudience } from './observer.ts'
import type { RunStatus } from './store.ts'
import type { Surrounding } from './surrounding.ts'

/** Whoever traces and measures the runs of an engine: made by `openTelemetry()`. */
export interface Telemetry {
  /** What it is, for people. */
  readonly name: string
  /**
   * An execution of a run begins. Called in the context of whoever created the run, if it `isNew`.
   * @internal
   */
  runBegins(run: TracedRun): RunTrace
}

export interface TracedRun {
  readonly id: string
  readonly workflow: string | undefined
  /** Id of the run that invoked it. */
  readonly parent: string | undefined
  readonly createdAt: number
  /** It was created just now, by `start()` or `ctx.invoke`, and this is its first execution. */
  readonly isNew: boolean
  /** Nobody has executed it before. */
  readonly isFirst: boolean
  /** Steps that will not run again. */
  readonly recordedSteps: number
  /** What the first execution that was traced called itself. */
  readonly origin: string | undefined
  readonly clock: Clock
}

/** One execution of one run. */
export interface RunTrace extends Surrounding, GroupAudience {
  /** How later executions of the run can refer to this one. Undefined: they need not. */
  readonly origin: string | undefined
  /** A step, or a child, is asked for in the current context, in a replay: it begins when that is over, if it is still wanted then. */
  held(key: Key): void
  /** The same, live or just after a replay: it begins later. */
  waits(key: Key): void
  /** Calls `begin`, which begins a child, where that was asked for. */
  childBegins(key: Key, begin: () => void): void
  attemptBegins(attempt: TracedAttempt): AttemptTrace
  /** The step, or child, is not wanted any more; perhaps it is backing off, or was never begun. */
  cancelled(key: Key, reason: CancelledError): void
  /** Called once. */
  ended(end: TracedRunEnd): void
}

export interface TracedAttempt {
  readonly key: Key
  readonly name: string
  /** From 1. */
  readonly attempt: number
  /** Another attempt may follow it. */
  readonly retries: boolean
}

export interface AttemptTrace extends Surrounding {
  /** Called at most once: not when the process dies. */
  ended(end: TracedAttemptEnd): void
}

export type TracedAttemptEnd =
  | { readonly status: 'completed' }
  /** `retryAt`: when the next attempt is due, if there is one. */
  | { readonly status: 'failed'; readonly error: unknown; readonly retryAt: number | undefined }
  | { readonly status: 'cancelled'; readonly reason: CancelledError }

export interface TracedRunEnd {
  /** `interrupted`: it cannot go on here (the engine stopped, the store failed), and is resumed later. */
  readonly status:
    Extract<RunStatus, 'completed' | 'failed' | 'cancelled' | 'blocked' | 'waiting'> | 'interrupted'
  readonly error: unknown
}
