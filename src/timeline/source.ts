import type { Completion, Key } from '../core/ports/effects.ts'
import type { JournalEntry, Note, RunRecord } from '../core/ports/store.ts'
import { compensatedBy } from '../core/key.ts'

/** What a timeline is made from: what `engine.inspect(id)` returns has all of it. */
export interface RunHistory {
  readonly record: Pick<
    RunRecord,
    'id' | 'workflow' | 'status' | 'createdAt' | 'endedAt' | 'base' | 'earlier' | 'dropped' | 'forkedFrom'
  >
  /** Whole: a part of it makes a timeline of that part. */
  readonly journal: readonly JournalEntry[]
  readonly notes: readonly Note[]
  /** Functions that were given up and still run. Default: none. */
  readonly zombies?: readonly { readonly key: Key }[]
}

export interface TimelineOptions {
  /** No live process executes the run (`engine.isRunning(record)`), though it has not ended. Default: `false`. */
  readonly interrupted?: boolean
}

/** A completion of something that the code asked for. */
export type Known = Exclude<Completion, { kind: 'aborted' | 'abort-absent' | 'stopped' | 'cancel-requested' }>

/** Not of what the library does by itself: a timeout, a stagger. */
export function isKnown(completion: Completion): completion is Known {
  const { kind, key } = completion
  return (
    kind !== 'aborted' &&
    kind !== 'abort-absent' &&
    kind !== 'stopped' &&
    kind !== 'cancel-requested' &&
    !isByLibrary(key)
  )
}

export function isByLibrary(key: Key): boolean {
  return key.includes('!') && compensatedBy(key) === undefined
}

/** When it began, as far as its completion tells. */
export function beginningOf(completion: Completion): number {
  const { at } = completion
  return 'startedAt' in completion ? Math.min(completion.startedAt, at) : at
}
