/** What a journal has of each operation, as it stands: a journal has several orders when its run was retried. */
import { isDropped } from '../core/journal-survey.ts'
import { compensatedBy } from '../core/key.ts'
import type { Completion, Key } from '../core/ports/effects.ts'
import type { JournalEntry } from '../core/ports/store.ts'
import { isKnown, type Known, type RunHistory } from './source.ts'

interface Chain {
  /** Which order its last entry is in. */
  order: number
  seq: number
  readonly entries: Known[]
}

/**
 * Of each operation its entries, oldest first: attempts that are followed by another, and how it ended. What an earlier order
 * has counts only where a later one would use it: successes that were neither dropped nor undone.
 * @param journal in order
 */
export function standingOf(
  journal: readonly JournalEntry[],
  record: RunHistory['record'],
): Map<Key, readonly Known[]> {
  const chains = new Map<Key, Chain>()
  const undone = new Map<Key, number>()
  let latest = 0
  for (const { order, seq, completion } of withOrders(journal, record)) {
    latest = order
    if (!isKnown(completion)) continue
    const { key, kind } = completion
    const step = kind === 'step-done' ? compensatedBy(key) : undefined
    if (step !== undefined) undone.set(step, order)
    const chain = chains.get(key)
    if (chain === undefined) chains.set(key, { order, seq, entries: [completion] })
    else extend(chain, { order, seq, completion })
  }
  const current = record.base >= (journal.at(-1)?.seq ?? 0) && record.base > 0 ? latest + 1 : latest
  const standing = new Map<Key, readonly Known[]>()
  for (const [key, { order, seq, entries }] of chains) {
    if (isDropped(record.dropped, seq)) continue
    if (order < current && !isReused(key, entries, (undone.get(key) ?? -1) >= order)) continue
    standing.set(key, entries)
  }
  return standing
}

interface Placed {
  readonly order: number
  readonly seq: number
  readonly completion: Completion
}

/** @param journal in order */
export function* withOrders(
  journal: readonly JournalEntry[],
  { base, earlier }: RunHistory['record'],
): Generator<Placed> {
  const ends = [...new Set([...earlier, base])].filter((end) => end > 0).sort((a, b) => a - b)
  let order = 0
  for (const { seq, completion } of journal) {
    while (seq > (ends[order] ?? Number.POSITIVE_INFINITY)) order++
    yield { order, seq, completion }
  }
}

function extend(chain: Chain, { order, seq, completion }: Placed & { readonly completion: Known }): void {
  const { entries } = chain
  const last = entries.at(-1)
  if (order !== chain.order && last !== undefined) {
    if (isSame(last, completion)) entries.pop()
    else entries.length = 0
  }
  entries.push(completion)
  chain.order = order
  chain.seq = seq
}

/** A success that a later order used is recorded there anew, with its times. */
function isSame(before: Known, after: Known): boolean {
  return (
    before.kind === after.kind &&
    before.at === after.at &&
    (before.kind !== 'step-done' || after.kind !== 'step-done' || before.startedAt === after.startedAt)
  )
}

function isReused(key: Key, entries: readonly Known[], undone: boolean): boolean {
  const kind = entries.at(-1)?.kind
  const succeeded =
    kind === 'step-done' || kind === 'child-done' || kind === 'event-received' || kind === 'timer-fired'
  return succeeded && !undone && !key.includes('!')
}
