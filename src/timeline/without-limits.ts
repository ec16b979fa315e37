/**
 * What a run would have taken if the branches of some groups had never waited for a place.
 *
 * The model: everything takes as long as it took, and begins as long after what came before it as it did: after whatever
 * had ended before it in its own branch, or in the run's own code. A branch that waited for a place begins as long
 * after its group as it began after that place was free. A group ends as long after the last of its branches as it did; those that
 * were given up do not count, and one whose time was up takes what it took. So nothing is ever later than it was.
 *
 * A limit explains as much as its branches would take on so many places, one after another without a pause. What the group took
 * beyond that (something was recorded, or computed, while places stood empty) it would have taken without a limit as well.
 *
 * It does not know that more at once would make each slower, nor that a branch waited for something of another branch.
 */
import type { Branch, Crowd, Item, Layout } from './branches.ts'
import { timeWith } from './enough.ts'

/** @returns milliseconds from the run's beginning to its end, or to now */
export function totalWithout({ root, crowds }: Layout, isLifted: (crowd: Crowd) => boolean): number {
  const lengths = new Map<Crowd, number>()
  for (const crowd of crowds.toReversed()) lengths.set(crowd, lengthOf(crowd, lengths, isLifted(crowd)))
  return branchLength(root, lengths)
}

/** Of a group, from its beginning to its end. */
function lengthOf(crowd: Crowd, lengths: ReadonlyMap<Crowd, number>, isLifted: boolean): number {
  const { group, from, end, branches } = crowd
  const { limit } = group.shape
  const held = spanOf(crowd, lengths, false)
  if (!isLifted || limit === undefined || branches.length <= limit) return held
  const busy = branches.map((branch) => Math.max(0, Math.min(branch.end, end) - branch.from))
  const unexplained = end - from - timeWith(busy, limit)
  return Math.min(held, Math.max(spanOf(crowd, lengths, true), unexplained))
}

function spanOf(
  { from: start, end, branches, cutShort }: Crowd,
  lengths: ReadonlyMap<Crowd, number>,
  isLifted: boolean,
): number {
  const ends = new Map<Branch, number>()
  let last: number | undefined
  let lastSeen = Number.NEGATIVE_INFINITY
  for (const branch of branches) {
    const { from, freedBy, givenUp } = branch
    const until = Math.min(branch.end, end)
    const since = freedBy === undefined ? undefined : (ends.get(freedBy) ?? freedBy.end - start)
    const begins =
      freedBy === undefined || since === undefined
        ? Math.max(0, from - start)
        : (isLifted ? 0 : since) + from - freedBy.end
    const ended = begins + Math.max(0, Math.min(branchLength(branch, lengths), until - from))
    ends.set(branch, ended)
    if (givenUp) continue
    last = Math.max(last ?? 0, ended)
    lastSeen = Math.max(lastSeen, until)
  }
  const whole = end - start
  return last === undefined || cutShort
    ? whole
    : Math.min(whole, Math.max(0, last + Math.max(0, end - lastSeen)))
}

/** From its beginning to its end. */
function branchLength({ items, from, end }: Branch, lengths: ReadonlyMap<Crowd, number>): number {
  if (items.length === 1) return Math.min(end - from, only(items, lengths) + end - from - seen(items))
  const ends = new Map<Item, number>()
  const byEnd = items.filter(({ givenUp }) => !givenUp).toSorted((a, b) => a.end - b.end)
  let [ended, before, beforeSeen] = [0, 0, from]
  for (const item of items) {
    for (let next = byEnd[ended]; next !== undefined && next.end <= item.from; next = byEnd[++ended]) {
      const known = ends.get(next)
      if (known === undefined) break // it began at the same moment, and took no time
      before = Math.max(before, known)
      beforeSeen = Math.max(beforeSeen, next.end)
    }
    ends.set(item, before + item.from - beforeSeen + lengthOfItem(item, lengths))
  }
  let [last, lastSeen] = [0, from]
  for (const item of byEnd) {
    last = Math.max(last, ends.get(item) ?? 0)
    lastSeen = Math.max(lastSeen, item.end)
  }
  return Math.min(end - from, last + end - lastSeen)
}

function lengthOfItem({ group, from, end }: Item, lengths: ReadonlyMap<Crowd, number>): number {
  return group === undefined ? end - from : (lengths.get(group) ?? end - from)
}

function only([item]: readonly Item[], lengths: ReadonlyMap<Crowd, number>): number {
  return item === undefined ? 0 : lengthOfItem(item, lengths)
}

function seen([item]: readonly Item[]): number {
  return item === undefined ? 0 : item.end - item.from
}
