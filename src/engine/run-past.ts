/** What a run has done, without its values. */
import type { Completion } from '../core/ports/effects.ts'
import type { JournalEntry, Note, RunRecord, Store } from '../core/ports/store.ts'
import type { Zombie } from '../core/ports/engine.ts'
import { journalPages } from './recorded.ts'

/** What a timeline is made from. Of the journal's payloads it has errors alone; the others are empty. */
export interface RunPast {
  readonly record: RunRecord
  readonly journal: readonly JournalEntry[]
  readonly notes: readonly Note[]
  readonly zombies: readonly Zombie[]
}

/** @returns the journal of a run, of which `known` was read before: entries are never changed, so it is read on from there */
export async function journalWithoutValues(
  store: Pick<Store, 'readJournal'>,
  no: number,
  known: readonly JournalEntry[],
): Promise<readonly JournalEntry[]> {
  const entries = [...known]
  for await (const page of journalPages(store, no, known.at(-1)?.seq))
    for (const { seq, completion } of page) entries.push({ seq, completion: withoutValue(completion) })
  return entries.length === known.length ? known : entries
}

function withoutValue(completion: Completion): Completion {
  switch (completion.kind) {
    case 'step-done':
    case 'event-received':
    case 'child-done':
      return { ...completion, payload: '' }
    default:
      return completion
  }
}
