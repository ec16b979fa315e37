/** What ran when in one run, what waited for what, and why the whole took as long as it did. Plain data: it can be sent as JSON. */
import type { Encoded, Key } from '../core/ports/effects.ts'
import type { RunStatus } from '../core/ports/store.ts'

/** Times are milliseconds since the epoch, by the clock of the process that recorded them; durations are milliseconds. */
export interface Timeline {
  readonly run: TimelineRun
  /** The moment that it shows: the end of a run that has ended, otherwise when it was asked for. */
  readonly at: number
  /** In the order in which they began, queued time included. */
  readonly operations: readonly TimelineOperation[]
  /** In the order in which they began: a group comes after the one that it is in. */
  readonly groups: readonly TimelineGroup[]
  /** What decided the total, from the beginning to `at`, without gaps. */
  readonly criticalPath: readonly CriticalSegment[]
  readonly totals: TimelineTotals
  /** The most worthwhile first; none where there is nothing to gain. */
  readonly advice: readonly Advice[]
}

export interface TimelineRun {
  readonly id: string
  /** Absent for a workflow without a name. */
  readonly workflow: string | undefined
  /** `interrupted`: nobody executes it, though it has not ended. */
  readonly status: RunStatus | 'interrupted'
  readonly from: number
  /** Absent while it has not ended. */
  readonly until: number | undefined
}

/**
 * - `queued`: a member of a group that waits for a place, or for its turn
 * - `running`: its function runs
 * - `backing-off`: an attempt has failed, and the next is not due yet
 * - `waiting`: for time, for an event, or for a child run
 */
export type Phase = 'queued' | 'running' | 'backing-off' | 'waiting'

export interface Span {
  readonly phase: Phase
  readonly from: number
  /** Absent while it lasts. */
  readonly until: number | undefined
  /** Which attempt runs, or is to come; counted from 1. Absent for what has none. */
  readonly attempt?: number
}

/**
 * A phase, while it lasts; or how it ended. `cancelled`: given up (a sibling failed, a race was lost, the run ended).
 * `interrupted`: its process is gone, and nobody goes on with it so far.
 */
export type OperationState = Phase | 'done' | 'failed' | 'cancelled' | 'interrupted'

export interface TimelineOperation {
  /** Of a compensation: the key of the step that it undoes. */
  readonly key: Key
  readonly name: string
  readonly kind: 'step' | 'compensation' | 'child' | 'sleep' | 'event'
  readonly state: OperationState
  /** One after another, without gaps. Empty where nothing is known of when it ran. */
  readonly spans: readonly Span[]
  readonly from: number
  /** Absent while it has not ended. */
  readonly until: number | undefined
  /** Calls of its function so far; 0 for what has none. */
  readonly attempts: number
  /** Its function was given up and still runs. */
  readonly ignoresSignal: boolean
  /** The innermost group that it is a member of, or in a function branch of. */
  readonly group: Key | undefined
  /** Which branch of that group. */
  readonly branch: string | number | undefined
  /** Id of the child run. */
  readonly child: string | undefined
  /** What its last attempt failed with, encoded as it was recorded. */
  readonly error: Encoded | undefined
  /** Some of it is on the critical path. */
  readonly critical: boolean
}

export interface TimelineGroup {
  readonly key: Key
  readonly name: string
  readonly kind: 'parallel' | 'race' | 'any'
  /** The innermost group around it. */
  readonly group: Key | undefined
  /** Most branches at once; absent where there is no limit. */
  readonly limit: number | undefined
  /** Branches, as far as is known: an iterable may have more. */
  readonly size: number
  readonly from: number
  /** Absent while it has not ended. */
  readonly until: number | undefined
  /** Most branches that were under way at once. */
  readonly most: number
  /** Part of its places that was taken, over its whole time: from 0 to 1. Of a group without a limit, of `most` places. */
  readonly full: number
  readonly critical: boolean
}

export interface CriticalSegment {
  /** Absent for the run's own code between operations. */
  readonly key: Key | undefined
  readonly phase: Phase | 'code'
  readonly from: number
  readonly until: number
}

export interface TimelineTotals {
  /** From the run's creation to `at`. */
  readonly wall: number
  /** All running time of steps and compensations together. */
  readonly work: number
  /** `work` ÷ `wall`: 1 for one after another. */
  readonly speedUp: number
  /** What it would take if no member of a group ever waited for a place. At most `wall`. */
  readonly unlimited: number
}

export interface Advice {
  /**
   * - `limit`: a group's `concurrency` cost time
   * - `step`: one step, or steps of one name, are most of the time
   * - `sequence`: operations that ran one after another outside of groups are most of it
   * - `retries`: failed attempts and the waits after them are a large part
   * - `waiting`: sleeps, events or children are most of it
   */
  readonly kind: 'limit' | 'step' | 'sequence' | 'retries' | 'waiting'
  /** One or two plain sentences in English, with figures. */
  readonly text: string
  /** Of the group, or the operation. */
  readonly key: Key | undefined
  /** What could be saved at most, or what it took. */
  readonly cost: number
}
