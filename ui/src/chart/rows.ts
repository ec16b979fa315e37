/** The rows of the chart: groups and operations as a tree, in the order in which they began; what is folded is left out. */
import type { Timeline, TimelineGroup, TimelineOperation } from '../../../src/timeline/timeline.ts'

export interface OperationRow {
  readonly kind: 'operation'
  readonly id: string
  readonly depth: number
  readonly operation: TimelineOperation
}

export interface GroupRow {
  readonly kind: 'group'
  readonly id: string
  readonly depth: number
  readonly group: TimelineGroup
  readonly folded: boolean
  /** All operations below it, at any depth. */
  readonly inside: readonly TimelineOperation[]
}

export type Row = OperationRow | GroupRow

/** A group with more is folded until somebody opens it. */
const MOST_UNFOLDED = 60

export interface Tree {
  readonly top: readonly Node[]
  /** At any depth. */
  readonly groups: readonly GroupNode[]
}

type Node = TimelineOperation | GroupNode

interface GroupNode {
  readonly group: TimelineGroup
  readonly members: Node[]
  readonly inside: TimelineOperation[]
}

const isGroup = (node: Node): node is GroupNode => 'members' in node

export function treeOf({ groups, operations }: Timeline): Tree {
  const nodes: ReadonlyMap<string, GroupNode> = new Map(
    groups.map((group) => [group.key, { group, members: [], inside: [] }]),
  )
  const top: Node[] = []
  const place = (node: Node, key: string | undefined): void => {
    const around = key === undefined ? undefined : nodes.get(key)
    ;(around?.members ?? top).push(node)
  }
  for (const node of nodes.values()) place(node, node.group.group)
  for (const operation of operations) {
    place(operation, operation.group)
    for (let key = operation.group; key !== undefined;) {
      const around = nodes.get(key)
      around?.inside.push(operation)
      key = around?.group.group
    }
  }
  top.sort(byBeginning)
  for (const { members } of nodes.values()) members.sort(byBeginning)
  return { top, groups: [...nodes.values()] }
}

/** Branches that are numbered one after another, and what is in one as it began. */
function byBeginning(one: Node, other: Node): number {
  return numberOf(one) - numberOf(other) || beginOf(one) - beginOf(other)
}

/** Of the function branch; what is a branch itself begins in order. */
function numberOf(node: Node): number {
  const label = branchOf(isGroup(node) ? node.group : node) ?? ''
  return /^\d+$/.test(label) ? Number(label) : 0
}

interface Placed {
  readonly key: string
  readonly group: string | undefined
}

/** The function branch that it is in: its number, or its name. */
function branchOf({ key, group }: Placed): string | undefined {
  if (group === undefined || !key.startsWith(`${group}/`)) return undefined
  return key.slice(group.length + 1).split('/')[0]
}

/** Its name; in a function branch with that of the branch, as several have an operation of this name. */
export function labelOf(operation: Placed & { readonly name: string }): string {
  const branch = branchOf(operation)
  return branch === undefined ? operation.name : `${branch} / ${operation.name}`
}

const beginOf = (node: Node): number => (isGroup(node) ? node.group.from : node.from)

/** @param turned ids of groups that somebody folded or unfolded by hand: not as they would be otherwise */
export function rowsOf(tree: Tree, turned: ReadonlySet<string>): readonly Row[] {
  const rows: Row[] = []
  const add = (nodes: readonly Node[], depth: number): void => {
    for (const node of nodes) {
      if (!isGroup(node)) {
        rows.push({ kind: 'operation', id: operationId(node), depth, operation: node })
        continue
      }
      const { group, inside } = node
      const id = groupId(group.key)
      const folded = isFoldedByItself(node) !== turned.has(id)
      rows.push({ kind: 'group', id, depth, group, folded, inside })
      if (!folded) add(node.members, depth + 1)
    }
  }
  add(tree.top, 0)
  return rows
}

const isFoldedByItself = ({ inside }: GroupNode): boolean => inside.length > MOST_UNFOLDED

/** @returns ids of the groups to turn so that all are folded, or none */
export function turnedAll({ groups }: Tree, folded: boolean): ReadonlySet<string> {
  const others = groups.filter((node) => isFoldedByItself(node) !== folded)
  return new Set(others.map(({ group }) => groupId(group.key)))
}

export const operationId = ({ kind, key }: Pick<TimelineOperation, 'kind' | 'key'>): string =>
  kind === 'compensation' ? `undo ${key}` : `op ${key}`

export const groupId = (key: string): string => `group ${key}`

/**
 * Where each operation and group is shown: the place of its own row, or of the folded group that it is in.
 * @returns by id of a row
 */
export function placesOf(rows: readonly Row[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  rows.forEach((row, index) => {
    places.set(row.id, index)
    if (row.kind === 'group' && row.folded)
      for (const operation of row.inside) places.set(operationId(operation), index)
  })
  return places
}
