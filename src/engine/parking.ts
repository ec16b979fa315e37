import type { Execution } from './execution.ts'
import type { Parts } from './parts.ts'

/** So many may rest in memory for as long as `parkAfter`: each has some 14 kB there. */
const MOST_RESTING = 1000

/** Of more, those that have rested longest are put away after this part of `parkAfter`: sooner would be to read many again and again. */
const CROWDED = 1 / 5

/** Puts runs away that have only waited for long enough (R7). */
export class Parking {
  readonly #parts: Parts
  readonly #works: () => boolean

  /** @param works whether this engine takes up what nobody executes */
  constructor(parts: Parts, works: () => boolean) {
    this.#parts = parts
    this.#works = works
  }

  /** To be called now and then with all runs that are executed. @returns how many of them are at rest */
  look(executions: Iterable<Execution>): number {
    const now = this.#parts.clock.steady()
    const resting: Execution[] = []
    for (const execution of executions) {
      if (!execution.atRest) execution.resting = undefined
      else {
        // What has recorded something meanwhile has not rested all the time.
        if (execution.resting?.seq !== execution.seq) execution.resting = { since: now, seq: execution.seq }
        resting.push(execution)
      }
    }
    for (const execution of this.#due(resting, now)) void this.#park(execution)
    return resting.length
  }

  /** Whose time in memory is over. Should one not be put away, its next turn comes after `parkAfter`. */
  #due(resting: readonly Execution[], now: number): Execution[] {
    const { parkAfter } = this.#parts
    const able = resting.filter((execution) => execution.mayBeParked && this.#isWorthIt(execution))
    const excess = able.length - MOST_RESTING
    const enough = excess > 0 ? parkAfter * CROWDED : parkAfter
    const restedFor = ({ resting: rest }: Execution): number => (rest === undefined ? 0 : now - rest.since)
    let due = able.filter((execution) => restedFor(execution) >= enough)
    if (excess > 0)
      due = due
        .toSorted((one, other) => restedFor(other) - restedFor(one))
        .filter((execution, at) => at < excess || restedFor(execution) >= parkAfter)
    for (const { resting: rest } of due) if (rest !== undefined) rest.since = now + parkAfter - enough
    return due
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
