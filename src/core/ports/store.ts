/**
 * What the embedded engine needs of a place that keeps runs. Verbs in five groups: runs, journal, inbox, owners, zombies.
 * Two implementations (memory, sqlite) pass one conformance suite (`testing/store-suite.ts`).
 *
 * Every promise resolves only when what it did would survive the store's promised kind of failure (R2), and
 * rejects only with a `StoreError` (R5).
 */
import type { Completion, Encoded, Key } from './effects.ts'
import type { Maintenance } from './maintenance.ts'

/**
 * `pending`: nobody executes it, and whoever can may begin. `running`: its owner executes it. `waiting`: it only waits, for
 * a time, an event or a child, and is in nobody's memory until then (R7). `blocked`: it needs a hand (D5).
 */
export type RunStatus = 'pending' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'blocked'

/** Every status but these can still change by itself. */
export const ENDED: ReadonlySet<RunStatus> = new Set<RunStatus>(['completed', 'failed', 'cancelled'])

export interface RunRecord {
  /** The store's own number of the run: small, stable, used by every other verb. */
  readonly no: number
  readonly id: string
  /** Absent for a workflow without a name. */
  readonly workflow: string | undefined
  readonly status: RunStatus
  readonly input: Encoded
  readonly output: Encoded | undefined
  /** Why it failed, was cancelled, or is blocked. */
  readonly error: Encoded | undefined
  /** The run whose `ctx.invoke` started it, and the key of that operation. */
  readonly parent: { readonly id: string; readonly key: Key } | undefined
  /** Where the code was found, for tools: the command line stores the workflow file's path. */
  readonly source: string | undefined
  /** 32 hexadecimal digits: what `ctx.random` and `ctx.uuid` grow from. */
  readonly seed: string
  /** Completions with `seq` up to this one belong to earlier attempts at the run (`retry`). */
  readonly base: number
  /** Where each earlier order began: the `base` that it had, oldest first. */
  readonly earlier: readonly number[]
  readonly createdAt: number
  /** When it ended or, while it is blocked, was parked. */
  readonly endedAt: number | undefined
  /** The engine instance that executes it now, or looks after it while it waits, if any. */
  readonly owner: string | undefined
  /** Rises with each claim; a commit under an older epoch is refused (R3). */
  readonly epoch: number
  /** Of a waiting run: when it wants to be executed again. Absent: only when something is sent to it. */
  readonly wakeAt: number | undefined
  /** Ranges of `seq`, both ends included: entries of earlier orders that were to be done anew, and are not reused. */
  readonly dropped: readonly (readonly [from: number, to: number])[]
  /** The run whose beginning this one was given (`fork`). */
  readonly forkedFrom: string | undefined
}

export type NewRun = Pick<
  RunRecord,
  'id' | 'workflow' | 'input' | 'parent' | 'source' | 'seed' | 'createdAt'
> & { readonly forkedFrom?: string }

/** How an ended or blocked run is made executable again. */
export interface Reopening {
  readonly no: number
  readonly epoch: number
  /**
   * Begins a new order: `base` moves to the journal's end, and what it was joins `earlier` (unless that order is empty).
   * Notes written so far are not read any more, and cancel requests that nothing consumed are dropped.
   */
  readonly fresh: boolean
  /** Added to the run's `dropped`. */
  readonly dropped?: RunRecord['dropped']
  /** Places of entries that consumed events, which become pending again. */
  readonly redeliver?: readonly number[]
}

/**
 * A run under a claim: what a commit must still hold to be accepted. It is current while the run has this epoch, an
 * owner and the status `running`: a later claim, a release, a `park` and an `end` each put an end to it.
 */
export interface Claim {
  readonly no: number
  readonly epoch: number
}

/** A completion at its place in the run's one order. `seq` counts from 1 and never has gaps. */
export interface JournalEntry {
  readonly seq: number
  readonly completion: Completion
}

/** What a part of a journal has, told without looking at any payload. */
export interface JournalSurvey {
  readonly entries: number
  /** Outcomes of steps, those of attempts that are followed by another not among them. */
  readonly steps: number
  /** Whether the run is asked to end. */
  readonly cancelled: boolean
}

/** Written when convenient, never waited for: for people to see, and for what an execution after a crash has to know. Not part of the order. */
export interface Note {
  readonly key: Key
  /** When it began; of a `cancelled` step, when its signal was aborted. */
  readonly at: number
  /** An attempt or a child began; a timer is armed; an event is waited for; an attempt that began was given up; a group. */
  readonly kind: 'started' | 'due' | 'waiting' | 'cancelled' | 'group'
  /** Of a step: which attempt. Otherwise 0. */
  readonly attempt: number
  /** Of a timer: its absolute deadline. Of a group: when it had its outcome, 0 before that; the later note counts. Otherwise 0. */
  readonly due: number
  /** Of a group: its shape, as `encodeShape` writes it, in the first note at least. */
  readonly detail?: string
}

export type Write =
  | {
      readonly kind: 'completion'
      readonly claim: Claim
      readonly entry: JournalEntry
      /** The inbox item that this consumes. */ readonly inboxId?: number
    }
  | { readonly kind: 'note'; readonly claim: Claim; readonly note: Note }
  | {
      readonly kind: 'end'
      readonly claim: Claim
      readonly at: number
      readonly status: 'completed' | 'failed' | 'cancelled' | 'blocked'
      readonly output?: Encoded
      readonly error?: Encoded
    }
  | Park

/**
 * The run only waits, and need not be in anybody's memory until then (R7): its status becomes `waiting`, under the same
 * owner. Declined, and the claim stays current, when something has happened meanwhile that the run does not know of.
 */
export interface Park {
  readonly kind: 'park'
  readonly claim: Claim
  /** The last entry that the run knows of. */
  readonly seq: number
  /** Items of its inbox that it knows of and has not consumed. */
  readonly pending: number
  /** Ids of the child runs that it waits for. */
  readonly children: readonly string[]
  /** When to execute it again at the latest. Absent: only when something is sent to it, or a child has ended. */
  readonly wakeAt: number | undefined
}

/** What became of the writes of a commit that were not simply written. */
export interface CommitResult {
  /** Left out, because their claim is not the run's current one (R3). */
  readonly fenced: ReadonlySet<Write>
  /** Parks that came too late. */
  readonly declined: ReadonlySet<Write>
}

export interface InboxItem {
  /** Rises over the whole store. */
  readonly id: number
  readonly run: number
  readonly kind: 'event' | 'cancel'
  /** Name of the event; empty for a cancel request. */
  readonly name: string
  readonly payload: Encoded
  readonly at: number
}

export interface Owner {
  readonly id: string
  readonly pid: number
  readonly host: string
  /** By the wall clock of its process. */
  readonly heartbeatAt: number
  /** Milliseconds of silence after which others may take it for dead. */
  readonly lease: number
}

/** A function that was given up and still runs, in the process of `owner`. */
export interface ZombieRecord {
  readonly run: number
  /** Of the step; empty for the run's own code. */
  readonly key: Key
  readonly attempt: number
  readonly owner: string
  /** When its signal was aborted. */
  readonly since: number
  /** Why, encoded as an error. */
  readonly reason: Encoded
}

export interface RunFilter {
  readonly status?: readonly RunStatus[]
  readonly workflow?: string
  /** Id of the parent; `null` for runs that have none. */
  readonly parent?: string | null
}

export interface Page {
  readonly limit: number
  /** Continue after the run with this `no` (newest first). */
  readonly before?: number
  /** For lists: `input` may be empty, and `output` and `error` absent, so that large ones are not read. */
  readonly brief?: boolean
}

/** For those who watch from outside: marks are equal while nothing has changed, and mean nothing else. */
export interface ChangeMarks {
  /** Of everything. Cheap, whatever the store holds; may change without a reason. */
  all(): Promise<string>
  /** Of one run: its record, journal, notes, inbox and zombies. Undefined when there is no such run. */
  of(no: number): Promise<string | undefined>
}

/** Which ended runs to delete: those of a status that ended before its instant. A status without one is kept. */
export interface PruneRequest {
  readonly endedBefore: Readonly<Partial<Record<'completed' | 'failed' | 'cancelled', number>>>
  /** About how many rows one call may delete, so that no transaction holds the others up for long. */
  readonly limit: number
  /** Only counts: deletes nothing, and looks at everything whatever the limit. */
  readonly dryRun?: boolean
}

export interface Pruned {
  /** Runs that were deleted, or would be. */
  readonly runs: number
  /** The limit was reached: call again. */
  readonly more: boolean
}

export interface Store {
  /** For messages: where the runs are (`memory`, a file's path). */
  readonly location: string

  // Runs
  /**
   * Creates the run, or returns the one that has the id already: two callers at once get one run (M12).
   * @param prefix what it begins with, as an earlier order: these are its first entries, and `base` is at their end
   * @param owner claims the run that is created, as `claim` would have next, in the same write: it is `running`, with epoch 1
   */
  createRun(
    run: NewRun,
    prefix?: readonly Completion[],
    owner?: string,
  ): Promise<{ readonly run: RunRecord; readonly created: boolean }>
  getRun(id: string): Promise<RunRecord | undefined>
  /** Newest first. */
  listRuns(filter: RunFilter, page: Page): Promise<readonly RunRecord[]>
  /**
   * Makes `owner` the one that executes the run, if nobody has claimed it since the caller read `epoch`, and
   * its status is `pending`, `running`, `waiting` or `blocked`. Sets status `running`, clears output, error and end,
   * raises the epoch.
   * @returns the claim, or undefined when somebody else was first.
   */
  claim(request: {
    readonly no: number
    readonly epoch: number
    readonly owner: string
  }): Promise<Claim | undefined>
  /** Gives a claimed run back, unfinished: owner cleared, status `pending`. Nothing happens under an old epoch. */
  release(claim: Claim): Promise<void>
  /**
   * Makes an ended or blocked, unowned run `pending` again: output, error and end are cleared.
   * @returns false when the run is in another state by now.
   */
  reopen(request: Reopening): Promise<boolean>

  // Journal
  /**
   * All writes or none, in order, durable when it resolves; except that writes whose claim is no longer the run's
   * current one are left out, and returned (R3). An `end` clears the owner, and a parent that waits is due at once. An
   * entry that does not continue its run's order (`seq` is not the last one's successor) makes it reject with `corrupt`.
   */
  commit(writes: readonly Write[]): Promise<CommitResult>
  /**
   * Entries with `seq` greater than `after`, in order. Rejects with `corrupt` when a row's checksum is wrong.
   * @param limit at most so many, and fewer where they are large; but none only where there are none. Default: all
   */
  readJournal(no: number, after: number, limit?: number): Promise<readonly JournalEntry[]>
  /** Counts the next `limit` entries after `after`, at a cost that does not depend on how large they are. */
  surveyJournal(no: number, after: number, limit: number): Promise<JournalSurvey>
  /** What was noted since the last fresh `reopen`, in the order in which it was committed. */
  readNotes(no: number): Promise<readonly Note[]>

  // Inbox: what others want of a run. Kept while nobody executes it.
  /** A run that waits is due at once. */
  post(item: Omit<InboxItem, 'id'>): Promise<InboxItem>
  /** What was posted after item `after`, for any run, consumed or not, oldest first, at most `limit`. */
  readInbox(after: number, limit: number): Promise<readonly InboxItem[]>
  /** The run's items that no completion has consumed, oldest first. */
  pendingInbox(no: number): Promise<readonly InboxItem[]>
  /** Id of the newest item that there ever was, 0 when there was none. */
  lastInboxId(): Promise<number>

  // Owners: engine instances that execute runs.
  /** @returns whether the owner was known before: one that was given up by others is not. */
  heartbeat(owner: Owner): Promise<boolean>
  getOwner(id: string): Promise<Owner | undefined>
  listOwners(): Promise<readonly Owner[]>
  /**
   * Forgets the owner with its zombies (their process is gone) and gives its runs back: those that it executed become
   * `pending`, those that wait stay `waiting`.
   * @param heardAt only if it has not been heard of since
   * @returns whether it did
   */
  removeOwner(id: string, heardAt?: number): Promise<boolean>

  // Runs that somebody should execute. The earliest first.
  /** Waiting runs of the owner that are due by `now`. */
  dueRuns(owner: string, now: number, limit: number): Promise<readonly RunRecord[]>
  /** When the next of the owner's waiting runs is due. */
  nextDue(owner: string): Promise<number | undefined>
  /** Runs of the workflow that nobody has: pending ones, and waiting ones that are due by `now`. */
  idleRuns(workflow: string, now: number, limit: number): Promise<readonly RunRecord[]>
  /** Makes `owner` the one that looks after the workflow's waiting runs that nobody has. @returns their numbers */
  adoptWaiting(workflow: string, owner: string): Promise<readonly number[]>

  // Zombies: functions that ignore their signal. For people to see; nothing depends on them.
  /** @returns its number, for `removeZombie`: never given to another one */
  addZombie(zombie: ZombieRecord): Promise<number>
  removeZombie(id: number): Promise<void>
  /** Those of one run, in the order in which they were added; also those of owners that have died. */
  readZombies(no: number): Promise<readonly ZombieRecord[]>

  /**
   * Deletes ended runs with all that belongs to them. A family goes as a whole or stays as a whole: it goes by when its root
   * ended, and stays while any run in it has not ended. The numbers of deleted runs and inbox items are never used again.
   */
  prune(request: PruneRequest): Promise<Pruned>

  /** Where changes can be noticed cheaply. Without it, whoever watches looks at the runs. */
  readonly marks?: ChangeMarks

  /** Looking after the place on disk; absent where there is none. */
  readonly maintenance?: Maintenance

  /** Lets writes under way end first. Afterwards every verb rejects with `closed`; closing again does nothing. */
  close(): Promise<void>
}
