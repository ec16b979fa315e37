/** When the branches of groups were under way. */
import type { Key } from '../core/ports/effects.ts'
import type { Groups } from './groups.ts'
import type { Drawn } from './operations.ts'

export interface Extent {
  from: number
  until: number
}

/** By group and branch: from the first operation in it that began to the last that ended. */
export type Branches = ReadonlyMap<Key, ReadonlyMap<string | number, Extent>>

/** @param extentOf when it was under way; undefined when it never was */
export function branchesOf(
  operations: readonly Drawn[],
  groups: Groups,
  extentOf: (operation: Drawn) => Extent | undefined,
): Branches {
  const found = new Map<Key, Map<string | number, Extent>>()
  for (const operation of operations) {
    const extent = extentOf(operation)
    if (extent === undefined) continue
    let place =
      operation.group === undefined || operation.branch === undefined
        ? undefined
        : { group: operation.group, branch: operation.branch }
    for (; place !== undefined; place = groups.placeOf(place.group)) {
      const branches = found.get(place.group) ?? new Map<string | number, Extent>()
      found.set(place.group, branches)
      widen(branches, place.branch, extent)
    }
  }
  return found
}

function widen(
  branches: Map<string | number, Extent>,
  branch: string | number,
  { from, until }: Extent,
): void {
  const known = branches.get(branch)
  if (known === undefined) branches.set(branch, { from, until })
  else {
    known.from = Math.min(known.from, from)
    known.until = Math.max(known.until, until)
  }
}

/** Most that were under way at once: where one ends when another begins, those are one after another. */
export function mostAtOnce(extents: Iterable<Extent>): number {
  const changes: (readonly [at: number, change: number])[] = []
  for (const { from, until } of extents) changes.push([from, 1], [Math.max(from, until), -1])
  changes.sort(([a, up], [b, down]) => a - b || up - down)
  let [now, most] = [0, 0]
  for (const [, change] of changes) most = Math.max(most, (now += change))
  // Those that took no time were under way all the same.
  return Math.max(most, changes.length > 0 ? 1 : 0)
}
