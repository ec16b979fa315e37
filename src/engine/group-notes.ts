import { encodeShape } from '../core/group-shape.ts'
import type { DescribedGroup, GroupShape, Key } from '../core/ports/effects.ts'
import type { Note } from '../core/ports/store.ts'

interface Fresh {
  readonly at: number
  readonly shape: GroupShape
  due: number
}

/**
 * What is to be noted of the groups of one run. Invariants:
 * 1. Each is noted once with its shape, and once with its end: together, where it ended before it was noted.
 * 2. What an earlier execution noted is not noted again.
 */
export class GroupNotes {
  /** Begun, and not noted yet. */
  readonly #fresh = new Map<Key, Fresh>()
  /** Noted as begun, here or earlier: when that was. */
  readonly #begun = new Map<Key, number>()
  readonly #ended: Note[] = []
  readonly #earlier: ReadonlyMap<Key, Note>

  /** @param earlier the last note of each group that earlier executions noted */
  constructor(earlier: ReadonlyMap<Key, Note>) {
    this.#earlier = earlier
  }

  began(group: DescribedGroup, at: number): void {
    const { key } = group
    const earlier = this.#earlier.get(key)
    if (earlier === undefined) this.#fresh.set(key, { at, shape: group.shape, due: 0 })
    else if (earlier.due === 0) this.#begun.set(key, earlier.at)
  }

  ended(key: Key, at: number): void {
    const fresh = this.#fresh.get(key)
    if (fresh !== undefined) fresh.due = at
    const begun = this.#begun.get(key)
    if (begun === undefined) return
    this.#begun.delete(key)
    this.#ended.push({ key, at: begun, kind: 'group', attempt: 0, due: at })
  }

  /** @returns what was not noted before */
  take(): readonly Note[] {
    const notes = this.#ended.splice(0)
    for (const [key, { at, shape, due }] of this.#fresh) {
      notes.push({ key, at, kind: 'group', attempt: 0, due, detail: encodeShape(shape) })
      if (due === 0) this.#begun.set(key, at)
    }
    this.#fresh.clear()
    return notes
  }
}
