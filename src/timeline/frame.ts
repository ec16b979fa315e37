/** Between which moments everything lies, and what is known of the run between them. */
import { ENDED, type JournalEntry } from '../core/ports/store.ts'
import { beginningOf, type RunHistory } from './source.ts'

export interface Frame {
  readonly from: number
  /** When the run ended, or now. */
  readonly at: number
  readonly ended: boolean
  /** Some of it was done before a retry, or before a fork: groups are noted only when they are made again. */
  readonly retried: boolean
  /** It has not ended, and nobody goes on with it: since when, as far as is known. */
  readonly stalledSince: number | undefined
  /** The run may have waited for what nothing tells of since then. */
  readonly quietSince: number | undefined
  /** The last moment before `time` of which something is known. */
  lastBefore(time: number): number
  /** Puts a recorded time where the timeline has it. */
  placed(time: number): number
}

/**
 * It is made wide enough for all that was recorded: clocks of several processes differ. Only what a fork was given lies before
 * its beginning, and is drawn there without length: it took this run no time.
 */
export function frameOf(source: RunHistory, now: number, interrupted: boolean): Frame {
  const { record } = source
  const { createdAt, endedAt, status, forkedFrom } = record
  const placed = (time: number): number => (forkedFrom === undefined ? time : Math.max(time, createdAt))
  const signs = Float64Array.from(timesOf(source), placed).sort()
  const from = Math.min(createdAt, signs[0] ?? createdAt)
  const at = Math.max(endedAt ?? now, signs.at(-1) ?? from, from)
  const lastBefore = (time: number): number => Math.max(from, signs[firstNotBelow(signs, time) - 1] ?? from)
  const last = Math.max(from, signs.at(-1) ?? from)
  const ended = ENDED.has(status)
  const stalled = !ended && (status === 'blocked' || interrupted)
  const quiet = stalled || (!ended && status !== 'running')
  return {
    from,
    at,
    ended,
    retried: record.base > 0,
    stalledSince: stalled ? last : undefined,
    quietSince: quiet ? last : undefined,
    lastBefore,
    placed,
  }
}

/** In the order of `seq`, whatever order they are in. */
export function inOrder(journal: readonly JournalEntry[]): readonly JournalEntry[] {
  const sorted = journal.every(({ seq }, index) => index === 0 || seq >= (journal[index - 1]?.seq ?? seq))
  return sorted ? journal : journal.toSorted((a, b) => a.seq - b.seq)
}

/** How many of the sorted times are not later than `time`. */
export function above(sorted: ArrayLike<number>, time: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? time) <= time) low = middle + 1
    else high = middle
  }
  return low
}

/** How many of the sorted times are earlier than `time`. */
export function firstNotBelow(sorted: ArrayLike<number>, time: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? time) < time) low = middle + 1
    else high = middle
  }
  return low
}

function timesOf({ journal, notes }: RunHistory): number[] {
  const times: number[] = []
  for (const { completion } of journal) times.push(beginningOf(completion), completion.at)
  for (const { kind, at, due } of notes) {
    times.push(at)
    if (kind === 'group' && due !== 0) times.push(due)
  }
  return times
}
