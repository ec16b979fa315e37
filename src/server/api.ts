/** What the HTTP API takes and gives: plain JSON. Times are milliseconds since the epoch. What is undefined is absent. */
import type { ShownStatus } from '../core/shown-status.ts'
import type { Timeline, TimelineOperation } from '../timeline/timeline.ts'
import type { ValueTree } from './value-tree.ts'

/** `interrupted`: it has not ended, and no live process executes it. */
export type ApiStatus = ShownStatus

export interface ApiRun {
  readonly id: string
  /** Absent for a workflow without a name. */
  readonly workflow?: string
  readonly status: ApiStatus
  readonly createdAt: number
  /** When it ended or, while it is blocked, was parked. */
  readonly endedAt?: number
  /** Id of the run that started it. */
  readonly parent?: string
  readonly forkedFrom?: string
  /** The process that executes it now. */
  readonly executedBy?: { readonly pid: number; readonly host: string }
}

/**
 * `GET /api/runs?status=…&status=…&workflow=…&parent=…&search=…&before=…&limit=…`, newest first.
 * `parent`: an id, or `none` for runs that no other run started. `search`: a part of the id, whatever the case. `limit`: 1 to 200, default 50.
 */
export interface ApiRuns {
  readonly runs: readonly ApiRun[]
  /** Where the next page begins: its `before`. Absent on the last. With `search`, or `interrupted`, a page may be short, even empty, and have a next. */
  readonly next?: number
}

/** `GET /api/runs/:id`. Its children: `GET /api/runs?parent=:id`. */
export interface ApiRunDetails extends ApiRun {
  readonly input: ValueTree
  readonly output?: ValueTree
  readonly error?: ValueTree
  readonly waiting: {
    /** Timers that have not fired. */
    readonly sleeps: readonly { readonly key: string; readonly due: number }[]
    /** Names of events that were sent, and that no code has asked for yet. */
    readonly events: readonly string[]
    readonly cancelRequested: boolean
  }
  /** Functions that were given up and still run. */
  readonly zombies: readonly { readonly step: string; readonly key: string; readonly since: number }[]
  /** Its workflow is among those that can be executed here: it can be retried. */
  readonly retryable: boolean
}

/** `GET /api/runs/:id/timeline` */
export interface ApiTimeline extends Omit<Timeline, 'operations'> {
  readonly operations: readonly ApiOperation[]
}

export interface ApiOperation extends Omit<TimelineOperation, 'error'> {
  readonly error?: ValueTree
}

/** `GET /api/runs/:id/journal?after=…&limit=…`, in the one order. `limit`: 1 to 1000, default 100. */
export interface ApiJournal {
  readonly entries: readonly ApiEntry[]
  /** The next page's `after`. Absent on the last. */
  readonly next?: number
}

export interface ApiEntry {
  readonly seq: number
  readonly kind: string
  readonly key: string
  readonly at: number
  readonly attempt?: number
  readonly startedAt?: number
  readonly retryAt?: number
  /** Of an event, or the id of a child. */
  readonly name?: string
  readonly value?: ValueTree
}

/**
 * `GET /api/runs/:id/value?of=…&path=…&from=…`: more of a value that was cut. `of`: `input`, `output`, `error`, or the `seq` of a journal
 * entry. `path`: from the root, positions among members with commas between (`0,3`); of a map, entry times two, plus one for its value.
 * `from`: begin with this member, or this character of a text.
 */
export interface ApiValue {
  readonly value: ValueTree
}

/** `GET /api/workflows`: those that can be started here. */
export interface ApiWorkflows {
  readonly workflows: readonly ApiWorkflow[]
}

export interface ApiWorkflow {
  readonly name: string
  /** JSON Schema (draft 2020-12) of its input, where its schema can tell. */
  readonly inputSchema?: unknown
}

/** `POST /api/runs`: starts one, 201, `ApiRun`. An id that exists with the same workflow and input: that run. */
export interface ApiStart {
  readonly workflow: string
  readonly input?: unknown
  readonly id?: string
}

/** `POST /api/runs/:id/cancel`, 202: asked for. Nothing happens to a run that has ended. */
export interface ApiCancel {
  readonly reason?: unknown
}

/** `POST /api/runs/:id/retry`, 202; of an interrupted run: goes on with it here. Needs the run's workflow among those that can be started here. */
export interface ApiRetry {
  /** Key of a recorded operation: it, and what was recorded after it, is done anew. */
  readonly fromStep?: string
}

/** `POST /api/runs/:id/events`, 202: kept until the run waits for it. */
export interface ApiEvent {
  readonly name: string
  readonly payload?: unknown
}

/** What the answers of 202 hold: the run as it stands. */
export interface ApiAccepted {
  readonly run: ApiRun
}

/**
 * `GET /api/changes?run=…&run=…`: server-sent events, until the client leaves.
 * - `list` (no data): list again; at the beginning, so also after a lost connection, and when there were too many changes to tell.
 * - `changed` (`ApiChange`): runs that began, or whose status changed.
 * - `run` (`ApiRunChange`): a run that `run` names (at most 50) has changed; at the beginning, so that what was seen before can be compared.
 * - `trouble` (`ApiError`): why the runs cannot be looked at, once; when they can again, it goes on with `list`.
 *
 * Comments are signs of life.
 */
export interface ApiChange {
  /** Those among the newest 100 runs, and the newest 400 of those that have not ended. */
  readonly runs: readonly ApiRun[]
}

/** Something of the run is new: its status, its journal, what it waits for. Fetch what is shown of it. */
export interface ApiRunChange {
  readonly id: string
  /** Absent: there is no such run, or no longer. */
  readonly status?: ApiStatus
  /** The same as before: nothing has changed since. Absent where the store cannot tell. */
  readonly mark?: string
}

/** Every answer that is no success. `code`: one of the library's own (`RUN_NOT_FOUND`, `STORE`), or of the API's (`BAD_REQUEST`, `FORBIDDEN`). */
export interface ApiError {
  readonly error: { readonly code: string; readonly message: string }
}
