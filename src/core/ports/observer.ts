/** What an engine tells those who listen. Nothing here is needed to execute a run, and nothing waits for a listener. */
import type { CancelledError } from '../errors.ts'
import type { GroupShape, Key } from './effects.ts'
import type { Surrounding } from './surrounding.ts'

/** How far a group has come. */
export interface GroupCounts {
  readonly total: number
  /** Branches that succeeded. */
  readonly completed: number
  readonly failed: number
  /** Branches under way; the rest wait for a place. */
  readonly running: number
}

/** Which operation of the run an event is about. */
export interface EventPlace {
  /** Its identity in the journal: its scope and its name. */
  readonly key: Key
  /** As given to `step()`, or as the option `name` of a group says. */
  readonly name: string
}

/** What every event says of the run. All times are the engine's clock's, in milliseconds since the epoch. */
export interface EventOfRun {
  /** The run's id. */
  readonly run: string
  /** Its workflow's name. */
  readonly workflow: string | undefined
  /** When it happened. */
  readonly at: number
}

/** What each kind of event says besides. `duration`: in milliseconds, of a run since it was created, of a step of this attempt. */
export interface RunEventFields {
  /** Told by every execution: again after a crash, a retry, and when a run that waited goes on. */
  'run.started': {
    /** Steps whose outcome was recorded before: they will not run again. 0 for a new run. */
    readonly recordedSteps: number
  }
  /** It only waits, and is in nobody's memory until something happens (R7). It begins with `run.started` again. */
  'run.waiting': {
    /** When it goes on by itself, if nothing happens before. */
    readonly wakeAt: number | undefined
  }
  'run.completed': { readonly duration: number }
  /** `error` is what `result()` rejects with. */
  'run.failed': { readonly duration: number; readonly error: unknown }
  'run.cancelled': { readonly duration: number; readonly error: unknown }
  /** Its code does not fit its journal (D5), or cannot read it: `error` says why. A retry makes it go on. */
  'run.blocked': { readonly duration: number; readonly error: unknown }
  'group.started': EventPlace & { readonly counts: GroupCounts }
  /** A branch has settled or started. After a replay, once for each group that is under way. */
  'group.progress': EventPlace & { readonly counts: GroupCounts }
  /** It has its outcome, perhaps before all of its branches: those that are `running` are given up. */
  'group.ended': EventPlace & { readonly counts: GroupCounts; readonly duration: number }
  /** An attempt begins. Attempts count from 1, with those that a crash cut off. */
  'step.started': EventPlace & { readonly attempt: number }
  'step.completed': EventPlace & { readonly attempt: number; readonly duration: number }
  /** For good. `error` is what the function threw last. */
  'step.failed': EventPlace & {
    readonly attempt: number
    readonly duration: number
    readonly error: unknown
  }
  /** The attempt failed, and the next one begins at `retryAt`. */
  'step.retrying': EventPlace & {
    readonly attempt: number
    readonly duration: number
    readonly error: unknown
    readonly retryAt: number
  }
  /**
   * The attempt was given up while it ran, and nothing that it comes to is recorded. `reason.kind` says why: after
   * `engine-stopping`, `run-interrupted` and `run-taken-over` the step runs again.
   */
  'step.cancelled': EventPlace & {
    readonly attempt: number
    readonly duration: number
    readonly reason: CancelledError
  }
  /** Given up at `givenUpAt`, it ignores its signal and still runs after the grace period. The run's own code has an empty key. */
  'step.zombie': EventPlace & { readonly attempt: number; readonly givenUpAt: number }
}

export type RunEventKind = keyof RunEventFields

/** Something that happened to a run in this process: of one kind, or of any. `kind` tells them apart. */
export type RunEvent<K extends RunEventKind = RunEventKind> = {
  [P in K]: { readonly kind: P } & EventOfRun & RunEventFields[P]
}[K]

/** What it returns or throws changes nothing. */
export type RunEventListener<K extends RunEventKind | '*' = '*'> = (
  event: RunEvent<K extends RunEventKind ? K : RunEventKind>,
) => unknown

const KINDS: Readonly<Record<RunEventKind, true>> = {
  'run.started': true,
  'run.waiting': true,
  'run.completed': true,
  'run.failed': true,
  'run.cancelled': true,
  'run.blocked': true,
  'group.started': true,
  'group.progress': true,
  'group.ended': true,
  'step.started': true,
  'step.completed': true,
  'step.failed': true,
  'step.retrying': true,
  'step.cancelled': true,
  'step.zombie': true,
}

export const RUN_EVENT_KINDS: readonly string[] = Object.keys(KINDS)

/** Where events go. */
export interface Audience {
  readonly observe: (event: RunEvent) => void
  /** Whether anybody listens to events of this kind: they need not be made otherwise. */
  readonly observed: (kind: RunEventKind) => boolean
}

/** A group, as those who watch see it. */
export interface Progressing {
  readonly key: Key
  readonly counts: GroupCounts
  /** Set by whoever watches, when the group begins; undefined before. */
  startedAt: number | undefined
  /** Set by whoever traces it, when it begins: its branches start inside of this. */
  surrounding: Surrounding | undefined
}

/** A group, as those who look at it later see it. */
export interface Grouped extends Progressing {
  readonly shape: GroupShape
  readonly grows: boolean
}

/** Who is told of the groups of a run. `before`: in a replay, when that happened; it was told then. */
export interface GroupAudience {
  groupBegan(group: Grouped, before: number | undefined): void
  groupChanged(group: Progressing, before: number | undefined): void
  groupEnded(group: Progressing, before: number | undefined): void
  /** The replay is over. */
  caughtUp(): void
}
