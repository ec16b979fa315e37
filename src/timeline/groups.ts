/** Which groups a run had, and which of them each operation was in. */
import { decodeShape } from '../core/group-shape.ts'
import { nameOf } from '../core/key.ts'
import type { GroupShape, Key } from '../core/ports/effects.ts'
import type { Note } from '../core/ports/store.ts'
import type { Frame } from './frame.ts'

export interface Group {
  readonly key: Key
  readonly shape: GroupShape
  readonly from: number
  /** When it ended; absent while it has not. */
  until: number | undefined
  /** It ended only because what is around it did. */
  givenUp: boolean
  /** The innermost group around it. */
  place: Place | undefined
}

export interface Place {
  readonly group: Group
  /** Which branch of it. */
  readonly label: string | number
  /** It is the branch, and not an operation in a function branch. */
  readonly isMember: boolean
}

export interface Groups {
  /** A group comes after the one that it is in. */
  readonly all: readonly Group[]
  readonly byKey: ReadonlyMap<Key, Group>
  /** Of the operations, and groups, that are branches themselves. */
  readonly members: ReadonlyMap<Key, Place>
  placeOf(key: Key): Place | undefined
}

export function groupsOf(notes: readonly Note[], frame: Frame): Groups {
  const byKey = new Map<Key, Group>()
  for (const note of notes) if (note.kind === 'group') addNote(byKey, note, frame)
  const members = membersOf(byKey.values())
  const placeOf = (key: Key): Place | undefined => members.get(key) ?? placeByPrefix(byKey, key)
  for (const group of byKey.values()) group.place = placeOf(group.key)
  const all = outerFirst([...byKey.values()])
  for (const group of all) close(group, frame)
  return { all, byKey, members, placeOf }
}

function addNote(byKey: Map<Key, Group>, { key, at, due, detail }: Note, frame: Frame): void {
  const before = byKey.get(key)
  const shape = (detail === undefined ? undefined : decodeShape(detail)) ?? before?.shape
  if (shape === undefined) return
  const from = Math.min(frame.placed(at), before?.from ?? Number.POSITIVE_INFINITY)
  const until = due === 0 ? undefined : Math.max(from, frame.placed(due))
  byKey.set(key, { key, shape, from, until, givenUp: false, place: undefined })
}

/** Of one that two groups share, the first has it: that one started it. */
function membersOf(groups: Iterable<Group>): Map<Key, Place> {
  const members = new Map<Key, Place>()
  for (const group of groups)
    for (const [label, key] of (group.shape.members ?? []).entries())
      if (key !== '' && key !== group.key && !members.has(key))
        members.set(key, { group, label, isMember: true })
  return members
}

/** What is in a function branch has its group's key and the branch's label before its own name. */
function placeByPrefix(byKey: ReadonlyMap<Key, Group>, key: Key): Place | undefined {
  let path = parentOf(key)
  while (path !== '') {
    const outer = parentOf(path)
    const group = byKey.get(outer)
    if (group !== undefined && outer !== '') return { group, label: labelOf(path), isMember: false }
    path = outer
  }
  return undefined
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Of the branches of a record whose names are numbers, the names are taken for positions. */
function labelOf(path: string): string | number {
  const label = path.slice(path.lastIndexOf('/') + 1)
  return /^(0|[1-9]\d{0,14})$/.test(label) ? Number(label) : nameOf(path)
}

/** Cuts what would be in itself: no engine writes that, but a damaged file may have it. */
function outerFirst(groups: readonly Group[]): Group[] {
  const sorted: Group[] = []
  const states = new Map<Group, 'open' | 'done'>()
  for (const group of groups) {
    const inner: Group[] = []
    let next: Group | undefined = group
    while (next !== undefined && !states.has(next)) {
      states.set(next, 'open')
      inner.push(next)
      next = next.place?.group
    }
    const outermost = inner.at(-1)
    if (next !== undefined && states.get(next) === 'open' && outermost !== undefined)
      outermost.place = undefined
    for (const each of inner.toReversed()) {
      states.set(each, 'done')
      sorted.push(each)
    }
  }
  return sorted
}

/** One that left no outcome ended with what is around it. */
function close(group: Group, frame: Frame): void {
  if (group.until !== undefined) return
  const until = group.place?.group.until ?? (frame.ended ? frame.at : undefined)
  if (until === undefined) return
  group.until = Math.max(group.from, until)
  group.givenUp = true
}
