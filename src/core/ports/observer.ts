/** What an engine tells those who watch. Nothing here is needed to execute a run, and nothing waits for a listener. */
import type { Key } from './effects.ts'
import type { RunStatus } from './store.ts'

/** How far a group has come. */
export interface GroupCounts {
  readonly total: number
  /** Branches that succeeded. */
  readonly completed: number
  readonly failed: number
  /** Branches under way; the rest wait for a place. */
  readonly running: number
}

export type RunEvent =
  | {
      readonly kind: 'run.started'
      readonly run: string
      readonly workflow: string | undefined
      /** Steps whose outcome was recorded before: they will not run again. 0 for a new run. */
      readonly recordedSteps: number
    }
  /** It only waits, and is in nobody's memory until something happens (R7). It begins with `run.started` again. */
  | { readonly kind: 'run.waiting'; readonly run: string }
  | { readonly kind: 'run.ended'; readonly run: string; readonly status: RunStatus }
  | { readonly kind: 'group.progress'; readonly run: string; readonly key: Key; readonly counts: GroupCounts }
  /** The group has its outcome, perhaps before all of its branches: those that still run are given up. */
  | { readonly kind: 'group.ended'; readonly run: string; readonly key: Key }
  | { readonly kind: 'step.started'; readonly run: string; readonly key: Key; readonly attempt: number }
  | {
      readonly kind: 'step.ended'
      readonly run: string
      readonly key: Key
      readonly attempt: number
      readonly outcome: 'done' | 'failed' | 'retrying'
    }
  /** The function was given up, ignores its signal, and still runs after the grace period. The key of the run's own code is empty. */
  | { readonly kind: 'step.zombie'; readonly run: string; readonly key: Key; readonly attempt: number }

export type Observer = (event: RunEvent) => void

/** Where events go. */
export interface Audience {
  readonly observe: Observer
  /** Whether anybody listens: what happens at every step is not told otherwise. */
  readonly observed: () => boolean
}

/** A group, as those who watch see it. */
export interface Progressing {
  readonly key: Key
  readonly counts: GroupCounts
}
