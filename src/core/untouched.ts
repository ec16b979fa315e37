import type { Tracked } from './host.ts'

/**
 * Operations that nobody has started, in the order of their creation: a list through the operations themselves. A
 * thousand that are created for one group cost no more than its links.
 */
export class Untouched {
  #first: Tracked | undefined
  #last: Tracked | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(operation: Tracked): void {
    operation.older = this.#last
    if (this.#last === undefined) this.#first = operation
    else this.#last.newer = operation
    this.#last = operation
    this.#size++
  }

  /** Does nothing for one that is not in it. */
  delete(operation: Tracked): void {
    const { older, newer } = operation
    if (older === undefined && newer === undefined && this.#first !== operation) return
    if (older === undefined) this.#first = newer
    else older.newer = newer
    if (newer === undefined) this.#last = older
    else newer.older = older
    operation.older = undefined
    operation.newer = undefined
    this.#size--
  }

  *[Symbol.iterator](): Generator<Tracked> {
    for (let at = this.#first; at !== undefined; at = at.newer) yield at
  }
}
