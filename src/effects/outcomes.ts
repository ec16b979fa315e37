import { compensatedBy, compensationKey } from '../core/key.ts'
import { isDropped } from '../core/journal-survey.ts'
import type { Completion, Effect, Key } from '../core/ports/effects.ts'
import type { JournalEntry, RunRecord } from '../core/ports/store.ts'

/** Which completion answers which effect. Timers that the library made (`parallel!timeout`) are a failure's, not a success. */
export const ANSWERS: Readonly<Record<string, Effect['kind']>> = {
  'step-done': 'step',
  'child-done': 'child',
  'event-received': 'event',
  'timer-fired': 'timer',
}

/** The last that is known of one operation. */
export interface Outcome {
  readonly seq: number
  readonly completion: Completion
  /** It succeeded, and a later order may have it without executing the operation. */
  readonly reusable: boolean
}

type Orders = Pick<RunRecord, 'base' | 'earlier' | 'dropped'>

/**
 * The latest outcome of every operation, in the order in which the code comes by them. A journal holds several orders when
 * a run was retried, and the last of them may have ended before it came to what an earlier one had recorded: so those of
 * the last order are first, in its order, then what only the order before it knows, and so on.
 *
 * Dropped ones are left out *after* the latest was chosen: what an operation came to before it was to be done anew is not
 * brought back by that.
 * @param journal whole, from its first entry, or up to the end of any order
 */
export function outcomesOf(journal: readonly JournalEntry[], run: Orders): Outcome[] {
  const outcomes: Outcome[] = []
  const known = new Set<Key>()
  const undone = new Set<Key>()
  for (const order of orders(journal, run)) {
    for (const key of undoneIn(order)) if (!known.has(key)) undone.add(key)
    for (const { seq, completion } of latest(order)) {
      const { key, kind } = completion
      if (known.has(key)) continue
      known.add(key)
      if (isDropped(run.dropped, seq)) continue
      outcomes.push({ seq, completion, reusable: kind in ANSWERS && !key.includes('!') && !undone.has(key) })
    }
  }
  return outcomes
}

/** Newest first. */
function orders(journal: readonly JournalEntry[], { base, earlier }: Orders): JournalEntry[][] {
  const starts = [...new Set([0, ...earlier, base])].filter((start) => start < journal.length)
  return starts.map((start, at) => journal.slice(start, starts[at + 1])).toReversed()
}

/** Of each key the last entry: a retried step has several. */
function latest(order: readonly JournalEntry[]): Iterable<JournalEntry> {
  const found = new Map<Key, JournalEntry>()
  for (const entry of order) {
    found.delete(entry.completion.key)
    found.set(entry.completion.key, entry)
  }
  return found.values()
}

/** Steps whose compensation is recorded as done: that has taken back what the step did. */
function undoneIn(order: readonly JournalEntry[]): Key[] {
  return order.flatMap(({ completion: { kind, key } }) => {
    const step = kind === 'step-done' ? compensatedBy(key) : undefined
    return step === undefined ? [] : [step]
  })
}

/** How often each step, and with it its compensation, was done and undone in these entries. */
export function timesUndone(journal: readonly JournalEntry[]): Map<Key, number> {
  const times = new Map<Key, number>()
  for (const step of undoneIn(journal)) {
    const count = (times.get(step) ?? 0) + 1
    times.set(step, count)
    times.set(compensationKey(step), count)
  }
  return times
}
