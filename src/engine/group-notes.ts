import { decodeShape, encodeShape } from '../core/group-shape.ts'
import type { DescribedGroup, GroupShape, Key } from '../core/ports/effects.ts'
import type { Note } from '../core/ports/store.ts'

interface Fresh {
  readonly at: number
  /** Of one that grows it is asked for anew when it is noted. */
  readonly shape: GroupShape
  readonly growing: DescribedGroup | undefined
  due: number
}

interface Begun {
  readonly at: number
  readonly growing: DescribedGroup | undefined
  /** So many branches were noted. */
  readonly size: number
}

/** One that grows is noted anew when it has so many times the branches that were noted: all that costs is a few rows. */
const WORTH_NOTING = 1.5

/**
 * What is to be noted of the groups of one run. Invariants:
 * 1. Each is noted once with its shape, and once with its end: together, where it ended before it was noted.
 * 2. What an earlier execution noted is not noted again.
 * 3. One whose branches come from an iterable is noted with its shape again as it grows, and with all of it at its end.
 */
export class GroupNotes {
  /** Begun, and not noted yet. */
  readonly #fresh = new Map<Key, Fresh>()
  /** Noted as begun, here or earlier. */
  readonly #begun = new Map<Key, Begun>()
  /** Those of them that grow. */
  readonly #growing = new Set<Key>()
  readonly #ended: Note[] = []
  readonly #earlier: ReadonlyMap<Key, Note>

  /** @param earlier the last note of each group that earlier executions noted */
  constructor(earlier: ReadonlyMap<Key, Note>) {
    this.#earlier = earlier
  }

  began(group: DescribedGroup, at: number): void {
    const { key } = group
    const growing = group.grows ? group : undefined
    const earlier = this.#earlier.get(key)
    if (earlier === undefined) this.#fresh.set(key, { at, shape: group.shape, growing, due: 0 })
    else if (earlier.due === 0) {
      const size = decodeShape(earlier.detail ?? '')?.size ?? 0
      this.#begin(key, { at: earlier.at, growing, size })
    }
  }

  ended(key: Key, at: number): void {
    const fresh = this.#fresh.get(key)
    if (fresh !== undefined) fresh.due = at
    const begun = this.#begun.get(key)
    if (begun === undefined) return
    this.#begun.delete(key)
    this.#growing.delete(key)
    this.#ended.push(noteOf(key, begun.at, at, begun.growing?.shape))
  }

  /** @returns what was not noted before */
  take(): readonly Note[] {
    const notes = this.#ended.splice(0)
    for (const key of this.#growing) {
      const begun = this.#begun.get(key)
      const shape = begun?.growing?.shape
      if (begun === undefined || shape === undefined || shape.size <= begun.size * WORTH_NOTING) continue
      notes.push(noteOf(key, begun.at, 0, shape))
      this.#begun.set(key, { ...begun, size: shape.size })
    }
    for (const [key, { at, shape, growing, due }] of this.#fresh) {
      const now = growing?.shape ?? shape
      notes.push(noteOf(key, at, due, now))
      if (due === 0) this.#begin(key, { at, growing, size: now.size })
    }
    this.#fresh.clear()
    return notes
  }

  #begin(key: Key, begun: Begun): void {
    this.#begun.set(key, begun)
    if (begun.growing !== undefined) this.#growing.add(key)
  }
}

/** @param due when it ended; 0 while it has not */
function noteOf(key: Key, at: number, due: number, shape: GroupShape | undefined): Note {
  const note: Note = { key, at, kind: 'group', attempt: 0, due }
  return shape === undefined ? note : { ...note, detail: encodeShape(shape) }
}
