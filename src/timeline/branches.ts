/** What was in which branch of which group, when each branch was under way, and whose place it had. */
import type { Deadlines } from './deadlines.ts'
import { above, type Frame } from './frame.ts'
import type { Group, Groups, Place } from './groups.ts'
import type { Lane } from './lanes.ts'

/** One operation, or one group, as a part of the branch that it is in. */
export interface Item {
  readonly lane: Lane | undefined
  readonly group: Crowd | undefined
  readonly from: number
  readonly end: number
  /** Nothing came of it: it was given up. */
  readonly givenUp: boolean
}

/** A branch that did something; or the run's own code, which is a branch of nothing. */
export interface Branch {
  readonly group: Crowd | undefined
  readonly label: string | number
  readonly items: Item[]
  /** From the first that began in it to the last that ended. */
  from: number
  end: number
  givenUp: boolean
  /** The branch whose end gave it its place; absent where it had one at once. */
  freedBy: Branch | undefined
}

/** A group with those of its branches that did something. */
export interface Crowd {
  readonly group: Group
  /** Of a run that was retried: since the first of its branches, also where that was before the retry. */
  from: number
  readonly end: number
  /** In the order in which they began. */
  branches: readonly Branch[]
  /** What it is in. */
  readonly around: Branch
  /** It ended when its time was up, or somebody asked for it. */
  readonly cutShort: boolean
}

export interface Layout {
  readonly root: Branch
  /** A group comes after the one that it is in. */
  readonly crowds: readonly Crowd[]
  readonly branchOf: ReadonlyMap<Lane, Branch>
}

export function layoutOf(lanes: readonly Lane[], groups: Groups, frame: Frame, deadlines: Deadlines): Layout {
  const root = newBranch(undefined, '')
  const crowds = new Map<Group, Crowd>()
  const branches = new Map<Crowd, Map<string | number, Branch>>()
  const branchAt = (place: Place | undefined): Branch => {
    const crowd = place === undefined ? undefined : crowds.get(place.group)
    const within = crowd === undefined ? undefined : branches.get(crowd)
    if (place === undefined || crowd === undefined || within === undefined) return root
    let branch = within.get(place.label)
    if (branch === undefined) within.set(place.label, (branch = newBranch(crowd, place.label)))
    return branch
  }
  for (const group of groups.all) {
    const around = branchAt(group.place)
    const end = group.until ?? frame.at
    const crowd = { group, from: group.from, end, branches: [], around, cutShort: deadlines.cutShort(group) }
    crowds.set(group, crowd)
    branches.set(crowd, new Map())
  }
  const branchOf = new Map<Lane, Branch>()
  for (const lane of lanes) {
    if (!lane.ran) continue
    const branch = branchAt(lane.place)
    branchOf.set(lane, branch)
    const from = lane.begun ?? lane.end
    const givenUp = lane.state === 'cancelled'
    branch.items.push({ lane, group: undefined, from, end: lane.end, givenUp })
  }
  for (const crowd of [...crowds.values()].toReversed()) {
    crowd.branches = settle([...(branches.get(crowd)?.values() ?? [])])
    assignPlaces(crowd)
    const { group, end, around, branches: begun } = crowd
    if (frame.retried) crowd.from = Math.min(group.from, begun[0]?.from ?? group.from)
    around.items.push({ lane: undefined, group: crowd, from: crowd.from, end, givenUp: group.givenUp })
  }
  settle([root])
  root.from = frame.from
  root.end = frame.at
  return { root, crowds: [...crowds.values()], branchOf }
}

function newBranch(group: Crowd | undefined, label: string | number): Branch {
  return { group, label, items: [], from: 0, end: 0, givenUp: false, freedBy: undefined }
}

/** @returns in the order in which they began */
function settle(branches: Branch[]): Branch[] {
  for (const branch of branches) {
    branch.items.sort((a, b) => a.from - b.from || a.end - b.end)
    branch.from = branch.items[0]?.from ?? 0
    branch.end = branch.from
    for (const { end } of branch.items) branch.end = Math.max(branch.end, end)
    branch.givenUp = branch.items.every(({ end, givenUp }) => givenUp || end < branch.end)
  }
  return branches.sort((a, b) => a.from - b.from || a.end - b.end)
}

/**
 * Branches begin in order, each when a place is free: with `limit` places, the one after `limit + n` others has the place of
 * the one that ended as the `n + 1`th.
 */
function assignPlaces({ group, branches }: Crowd): void {
  const { limit } = group.shape
  if (limit === undefined || branches.length <= limit) return
  const byEnd = branches.toSorted((a, b) => a.end - b.end)
  for (const [index, branch] of branches.entries()) {
    const before = byEnd[index - limit]
    if (index >= limit && before !== undefined && before !== branch && before.end <= branch.from)
      branch.freedBy = before
  }
}

/** How full a group was, while it lasted. */
export interface Occupancy {
  readonly most: number
  readonly full: number
}

export function occupancyOf({ group, from: begun, end, branches }: Crowd): Occupancy {
  const starts: number[] = []
  const ends: number[] = []
  let taken = 0
  for (const branch of branches) {
    const from = Math.max(branch.from, begun)
    const until = Math.min(branch.end, end)
    if (until < from) continue
    starts.push(from)
    ends.push(until)
    taken += until - from
  }
  const sorted = Float64Array.from(ends).sort()
  let most = 0
  // Where one ends as another begins they are one after the other; one without length is there all the same.
  for (const [index, from] of starts.entries())
    most = Math.max(most, index + 1 - endedBefore(sorted, from, ends[index]))
  const { limit } = group.shape
  if (limit !== undefined) most = Math.min(most, limit)
  const places = (limit ?? most) * (end - begun)
  return { most, full: places > 0 ? Math.min(1, taken / places) : 0 }
}

function endedBefore(sortedEnds: Float64Array, from: number, own: number | undefined): number {
  return above(sortedEnds, from) - (own === from ? 1 : 0)
}
