import type { Execution } from './execution.ts'
import type { Parts } from './parts.ts'

/** Puts runs away that have only waited for long enough (R7). */
export class Parking {
  readonly #parts: Parts
  readonly #works: () => boolean
  /** Steady time since when each has been seen at rest. */
  #resting = new Map<Execution, number>()

  /** @param works whether this engine takes up what nobody executes */
  constructor(parts: Parts, works: () => boolean) {
    this.#parts = parts
    this.#works = works
  }

  /** To be called now and then with all runs that are executed. @returns how many of them are at rest */
  look(executions: Iterable<Execution>): number {
    const { clock, parkAfter } = this.#parts
    const now = clock.steady()
    const resting = new Map<Execution, number>()
    for (const execution of executions) {
      if (!execution.atRest) continue
      let since = this.#resting.get(execution) ?? now
      if (execution.mayBeParked && now - since >= parkAfter && this.#isWorthIt(execution)) {
        void this.#park(execution)
        since = now // should it not be parked, the next try comes as much later
      }
      resting.set(execution, since)
    }
    this.#resting = resting
    return resting.size
  }

  /** One that wants to go on soon would only be read again. */
  #isWorthIt({ wakeAt }: Execution): boolean {
    const { clock, parkAfter } = this.#parts
    return wakeAt === undefined || wakeAt - clock.now() >= parkAfter
  }

  /**
   * A parent of children that are executed elsewhere stays here, to take them up should their process die; unless this
   * engine is a worker, which finds them in any case.
   */
  async #park(execution: Execution): Promise<void> {
    const { store, ownership } = this.#parts
    try {
      for (const id of this.#works() ? [] : execution.awaitedChildren)
        if ((await store.getRun(id))?.owner !== ownership.id) return
      execution.park()
    } catch {
      // The store fails: what matters says so.
    }
  }
}
