import { isDropped } from './journal-survey.ts'
import type { InboxItem, JournalEntry, Note, RunRecord } from './ports/store.ts'

/** What an unfinished run may be waiting for. */
export interface Waiting {
  /** Durable timers that have not fired: key and deadline. */
  readonly sleeps: readonly { readonly key: string; readonly due: number }[]
  /** Names of events that were sent and that no code has asked for yet. */
  readonly events: readonly string[]
  readonly cancelRequested: boolean
}

export interface Recorded {
  readonly record: Pick<RunRecord, 'dropped'>
  readonly journal: readonly JournalEntry[]
}

/** The entries that a retry from a step has not declared to be done anew. */
export function standing({ record, journal }: Recorded): readonly JournalEntry[] {
  return journal.filter(({ seq }) => !isDropped(record.dropped, seq))
}

export function waitingOf(
  run: Recorded & { readonly notes: readonly Note[]; readonly inbox: readonly InboxItem[] },
): Waiting {
  const { notes, inbox } = run
  const fired = new Set(standing(run).map(({ completion }) => completion.key))
  return {
    sleeps: notes
      .filter(({ kind, key }) => kind === 'due' && !fired.has(key) && !key.includes('!'))
      .map(({ key, due }) => ({ key, due })),
    events: inbox.filter(({ kind }) => kind === 'event').map(({ name }) => name),
    cancelRequested: inbox.some(({ kind }) => kind === 'cancel'),
  }
}
