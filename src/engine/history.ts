import type { Completion, Key } from '../core/ports/effects.ts'
import { RunNotFoundError } from '../core/errors.ts'
import type { Claim, InboxItem, JournalEntry, Note, RunRecord, Store } from '../core/ports/store.ts'
import { outcomesOf, timesUndone } from './outcomes.ts'
import { Reusable } from './reusable.ts'

/** What is known of a run when an execution of it begins. */
export interface History {
  /** The order to replay. */
  readonly recorded: readonly Completion[]
  readonly lastSeq: number
  /** Successes of earlier orders. */
  readonly reusable: Reusable
  /** The last attempt of each step that is known to have begun. */
  readonly begun: ReadonlyMap<Key, number>
  /** Deadlines of timers that have started. */
  readonly due: ReadonlyMap<Key, number>
  readonly inbox: readonly InboxItem[]
}

/**
 * Reads a run under a claim to it: before that, another process may have executed it, and a retry moved its base.
 * @returns undefined when the claim is not the current one any more: a process that was stopped meanwhile has lost it
 */
export async function readHistory(
  store: Store,
  id: string,
  { no, epoch }: Claim,
): Promise<{ readonly record: RunRecord; readonly history: History } | undefined> {
  const [journal, notes, inbox] = await Promise.all([
    store.readJournal(no, 0),
    store.readNotes(no),
    store.pendingInbox(no),
  ])
  // Last, so that it answers for the others.
  const record = await store.getRun(id)
  if (record === undefined) throw new RunNotFoundError(id, store.location)
  return record.epoch === epoch ? { record, history: historyOf(record, journal, notes, inbox) } : undefined
}

function historyOf(
  run: RunRecord,
  journal: readonly JournalEntry[],
  notes: readonly Note[],
  inbox: readonly InboxItem[],
): History {
  const earlier = journal.slice(0, run.base)
  return {
    recorded: journal.slice(run.base).map(({ completion }) => completion),
    lastSeq: journal.at(-1)?.seq ?? run.base,
    reusable: new Reusable(outcomesOf(earlier, run), timesUndone(earlier)),
    begun: latest(notes, 'started', ({ attempt }) => attempt),
    due: latest(notes, 'due', ({ due }) => due),
    inbox,
  }
}

/** How many steps will not run again: a retried run may have recorded one of them several times. */
export function recordedSteps(history: History): number {
  const keys = new Set(history.reusable.stepKeys)
  for (const completion of history.recorded) if (isLast(completion)) keys.add(completion.key)
  return keys.size
}

/** A step's outcome, and not only an attempt's. */
function isLast(completion: Completion): boolean {
  return (
    completion.kind === 'step-done' || (completion.kind === 'step-failed' && completion.retryAt === undefined)
  )
}

function latest(notes: readonly Note[], kind: Note['kind'], value: (note: Note) => number): Map<Key, number> {
  const found = new Map<Key, number>()
  for (const note of notes) if (note.kind === kind) found.set(note.key, value(note))
  return found
}
