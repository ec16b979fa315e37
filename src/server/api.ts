/** What the HTTP API takes and gives: plain JSON. Times are milliseconds since the epoch. */
import type { RunStatus } from '../core/ports/store.ts'
import type { Timeline, TimelineOperation } from '../timeline/timeline.ts'
import type { ValueTree } from './value-tree.ts'

/** `interrupted`: it has not ended, and no live process executes it. */
export type ApiStatus = RunStatus | 'interrupted'

export interface ApiRun {
  readonly id: string
  /** Absent for a workflow without a name. */
  readonly workflow?: string
  readonly status: ApiStatus
  readonly createdAt: number
  readonly endedAt?: number
  /** Id of the run that started it. */
  readonly parent?: string
  readonly forkedFrom?: string
  /** The process that executes it now. */
  readonly executedBy?: { readonly pid: number; readonly host: string }
}

/** `GET /api/runs?status=…&workflow=…&parent=…&before=…&limit=…`, newest first. */
export interface ApiRuns {
  readonly runs: readonly ApiRun[]
  /** Where the next page begins: its `before`. Absent on the last. */
  readonly next?: number
}

/** `GET /api/runs/:id` */
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
}

/** `GET /api/runs/:id/timeline` */
export interface ApiTimeline extends Omit<Timeline, 'operations'> {
  readonly operations: readonly ApiOperation[]
}

export interface ApiOperation extends Omit<TimelineOperation, 'error'> {
  /** What its last attempt failed with. */
  readonly error: ValueTree | undefined
}

/** `GET /api/runs/:id/journal?after=…&limit=…`, in the one order. */
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

/** `GET /api/workflows`: those that can be started here. */
export interface ApiWorkflows {
  readonly workflows: readonly ApiWorkflow[]
}

export interface ApiWorkflow {
  readonly name: string
  /** JSON Schema of its input, where its schema can tell. */
  readonly inputSchema?: unknown
}

/** `POST /api/runs` */
export interface ApiStart {
  readonly workflow: string
  readonly input?: unknown
  readonly id?: string
}

/** `POST /api/runs/:id/cancel` */
export interface ApiCancel {
  readonly reason?: unknown
}

/** `POST /api/runs/:id/retry`: needs the run's workflow among those that can be started here. */
export interface ApiRetry {
  /** Key of a recorded operation: it, and what was recorded after it, is done anew. */
  readonly fromStep?: string
}

/** `POST /api/runs/:id/events` */
export interface ApiEvent {
  readonly name: string
  readonly payload?: unknown
}

/** Every answer that is no success. */
export interface ApiError {
  readonly error: { readonly code: string; readonly message: string }
}
