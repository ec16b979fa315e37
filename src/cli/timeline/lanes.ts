/** Which lanes a drawing of a timeline has: one for each group and operation, many alike in one. */
import type { CriticalSegment, Timeline, TimelineGroup, TimelineOperation } from '../../timeline/timeline.ts'

export interface GroupLane {
  readonly kind: 'group'
  readonly depth: number
  /** The key without what the lanes around it say already. */
  readonly label: string
  readonly group: TimelineGroup
}

export interface OperationLane {
  readonly kind: 'operations'
  readonly depth: number
  /** The key without what the lanes around it say already; of several with `*` for the numbers. */
  readonly label: string
  readonly members: readonly [TimelineOperation, ...TimelineOperation[]]
  /** What of them is on the critical path. */
  readonly path: readonly CriticalSegment[]
}

export type Lane = GroupLane | OperationLane

/** Fewer alike than this have a lane each. */
export const WORTH_FOLDING = 6

/** @param all a lane for each operation, however many */
export function lanesOf(timeline: Timeline, all: boolean): Lane[] {
  const inside = new Map<string | undefined, (TimelineGroup | TimelineOperation)[]>()
  const put = (group: string | undefined, item: TimelineGroup | TimelineOperation): void => {
    const items = inside.get(group)
    if (items === undefined) inside.set(group, [item])
    else items.push(item)
  }
  for (const group of timeline.groups) put(group.group, group)
  for (const operation of timeline.operations) put(operation.group, operation)
  const paths = pathsByKey(timeline.criticalPath)
  const lanes: Lane[] = []
  const add = (group: string | undefined, depth: number): void => {
    for (const item of folded(inside.get(group) ?? [], all).toSorted(inOrder)) {
      if (Array.isArray(item)) lanes.push(operationLane(item as [TimelineOperation], group, depth, paths))
      else {
        lanes.push({ kind: 'group', depth, label: labelWithin(item.key, group), group: item })
        add(item.key, depth + 1)
      }
    }
  }
  add(undefined, 0)
  return lanes
}

/** Branch by branch where they are numbered, and as they began. */
function inOrder(a: TimelineGroup | TimelineOperation[], b: TimelineGroup | TimelineOperation[]): number {
  const [first, second] = [headOf(a), headOf(b)]
  const branches = [first, second].map((each) => ('branch' in each ? each.branch : undefined))
  const [left, right] = branches
  const byBranch = typeof left === 'number' && typeof right === 'number' ? left - right : 0
  return byBranch || first.from - second.from
}

function headOf(item: TimelineGroup | TimelineOperation[]): TimelineGroup | TimelineOperation {
  return Array.isArray(item) ? (item as [TimelineOperation])[0] : item
}

function pathsByKey(path: readonly CriticalSegment[]): ReadonlyMap<string, CriticalSegment[]> {
  const paths = new Map<string, CriticalSegment[]>()
  for (const segment of path) {
    if (segment.key === undefined) continue
    const known = paths.get(segment.key)
    if (known === undefined) paths.set(segment.key, [segment])
    else known.push(segment)
  }
  return paths
}

/** Groups as they are, operations in families, each where its first member is. */
function folded(
  items: readonly (TimelineGroup | TimelineOperation)[],
  all: boolean,
): (TimelineGroup | TimelineOperation[])[] {
  const families = new Map<string, TimelineOperation[]>()
  const found: (TimelineGroup | TimelineOperation[])[] = []
  for (const item of items) {
    if (!('spans' in item)) {
      found.push(item)
      continue
    }
    const family = `${item.kind} ${item.state} ${pattern(item.key)}`
    const members = families.get(family)
    if (members !== undefined) members.push(item)
    else {
      const begun = [item]
      families.set(family, begun)
      found.push(begun)
    }
  }
  return found.flatMap((item) =>
    Array.isArray(item) && (all || item.length < WORTH_FOLDING) ? item.map((each) => [each]) : [item],
  )
}

function operationLane(
  members: readonly [TimelineOperation, ...TimelineOperation[]],
  group: string | undefined,
  depth: number,
  paths: ReadonlyMap<string, readonly CriticalSegment[]>,
): OperationLane {
  const [{ key, kind }] = members
  const short = labelWithin(key, group)
  const label = members.length > 1 ? pattern(short) : short
  return {
    kind: 'operations',
    depth,
    label: kind === 'compensation' ? `undo ${label}` : label,
    members,
    path: members.flatMap((each) => paths.get(each.key) ?? []),
  }
}

function labelWithin(key: string, group: string | undefined): string {
  const isInside = group !== undefined && key.startsWith(`${group}/`)
  return visible(key.slice(isInside ? group.length + 1 : key.lastIndexOf('/') + 1))
}

/** A name of blanks alone is put in quotes. */
export function visible(name: string): string {
  return name.trim() === '' ? JSON.stringify(name) : name
}

export function pattern(key: string): string {
  return key.replace(/\d+/g, '*')
}
