/** Of so many operations at once it is noted where they were created; a group's thousand branches are adopted together. */
const AT_ONCE = 64

/** Code that forgets to await one does so in its first runs. */
const FIRST = 256

/**
 * Where the operations of one workflow's code are created is noted for its first ones only (M5): to look at the stack takes
 * 1.5 µs, a tenth of what a small step costs. Code that is found to forget some is watched from then on.
 */
export class Places {
  #left: number

  /** @param first of so many operations it is noted, where they wait with few others */
  constructor(first: number = FIRST) {
    this.#left = first
  }

  /** @param waiting operations that nobody has started. @returns whether to note the place of one more */
  take(waiting: number): boolean {
    if (this.#left === 0 || waiting > AT_ONCE) return false
    this.#left--
    return true
  }

  /**
   * The places of some that were forgotten are not known; where they were not noted because they were not among the first, all are
   * from now on. @returns why, for a report
   */
  missed(): string {
    if (this.#left > 0) return 'an unknown place: too many others waited with it'
    this.#left = Number.POSITIVE_INFINITY
    return 'an unknown place: it is noted for the first operations of a workflow, and for all from its next run on'
  }
}

const known = new WeakMap<object, Places>()

export function placesOf(workflow: object): Places {
  const found = known.get(workflow) ?? new Places()
  known.set(workflow, found)
  return found
}
