/** Of so many operations at once it is noted where they were created; a group's thousand branches are adopted together. */
const AT_ONCE = 64

/** Code that forgets to await one does so in its first runs. */
const FIRST = 256

/**
 * Where the operations of one workflow's code are created is noted for its first ones only (M5): to look at the stack takes
 * 1.5 µs, a tenth of what a small step costs. Code that is found to forget some is watched from then on.
 */
export class Places {
  #left = FIRST

  /** @param waiting operations that nobody has started. @returns whether to note the place of one more */
  take(waiting: number): boolean {
    if (this.#left === 0 || waiting > AT_ONCE) return false
    this.#left--
    return true
  }

  /** The place of one that was forgotten is not known: those of the runs from now on will be. */
  missed(): void {
    this.#left = Number.POSITIVE_INFINITY
  }
}

const known = new WeakMap<object, Places>()

export function placesOf(workflow: object): Places {
  const found = known.get(workflow) ?? new Places()
  known.set(workflow, found)
  return found
}
