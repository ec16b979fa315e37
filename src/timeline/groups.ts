/** Which groups a run has, and which operation is in which. */
import { decodeShape } from '../core/group-shape.ts'
import type { GroupShape, Key } from '../core/ports/effects.ts'
import type { Note } from '../core/ports/store.ts'

export interface KnownGroup {
  readonly key: Key
  readonly shape: GroupShape
  readonly from: number
  /** Absent while it has not ended, as far as is known. */
  readonly until: number | undefined
}

/** Where something is: in which branch of which group. */
export interface Place {
  readonly group: Key
  readonly branch: string | number
}

export class Groups {
  readonly #groups = new Map<Key, KnownGroup>()
  /** Of operations that are branches themselves. */
  readonly #members = new Map<Key, Place>()

  constructor(notes: readonly Note[]) {
    for (const note of notes) if (note.kind === 'group') this.#add(note)
    for (const { key, shape } of this.#groups.values())
      shape.members?.forEach((member, branch) => {
        if (member !== '') this.#members.set(member, { group: key, branch })
      })
    this.#breakCircles()
  }

  values(): Iterable<KnownGroup> {
    return this.#groups.values()
  }

  get(key: Key): KnownGroup | undefined {
    return this.#groups.get(key)
  }

  /** Branches that are operations. */
  members(): Iterable<Key> {
    return this.#members.keys()
  }

  /** It is a branch of a group itself, and not only in one. */
  isMember(key: Key): boolean {
    return this.#members.has(key)
  }

  /** The innermost group around it. */
  placeOf(key: Key): Place | undefined {
    const place = this.#members.get(key)
    if (place !== undefined) return place
    for (let scope = scopeOf(key); scope !== ''; scope = scopeOf(groupOf(scope))) {
      const group = groupOf(scope)
      if (this.#groups.has(group)) return { group, branch: labelOf(scope) }
    }
    return undefined
  }

  /** Only a damaged journal has groups in each other: whoever climbs from group to group has to arrive. */
  #breakCircles(): void {
    const sound = new Set<Key>()
    for (const start of this.#groups.keys()) {
      const climbed = new Set<Key>()
      let key: Key | undefined = start
      while (key !== undefined && !sound.has(key) && !climbed.has(key)) {
        climbed.add(key)
        key = this.placeOf(key)?.group
      }
      // No key is in itself: of those in a circle at least one is there as a member.
      if (key !== undefined && climbed.has(key)) for (const each of climbed) this.#members.delete(each)
      for (const each of climbed) sound.add(each)
    }
  }

  #add({ key, at, due, detail }: Note): void {
    const before = this.#groups.get(key)
    const shape = (detail === undefined ? undefined : decodeShape(detail)) ?? before?.shape
    if (shape === undefined) return
    const from = Math.min(at, before?.from ?? at)
    this.#groups.set(key, { key, shape, from, until: due === 0 ? before?.until : Math.max(from, due) })
  }
}

/** The function branch that it is in (`group/label`); empty for what is in none. */
export function scopeOf(key: Key): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')))
}

/** The group of a function branch. */
export function groupOf(scope: string): Key {
  return scope.slice(0, Math.max(0, scope.lastIndexOf('/')))
}

function labelOf(scope: string): string | number {
  const label = scope.slice(scope.lastIndexOf('/') + 1)
  return /^(0|[1-9]\d{0,14})$/.test(label) ? Number(label) : unescaped(label)
}

function unescaped(label: string): string {
  return label.replace(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
