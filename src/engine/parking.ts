import type { Clock } from '../core/ports/clock.ts'
import type { Execution } from './execution.ts'

/** Decides which runs have only waited for long enough to be put away (R7). */
export class Parking {
  readonly #clock: Clock
  readonly #after: number
  readonly #park: (execution: Execution) => void
  /** Steady time since when each has been seen at rest. */
  #resting = new Map<Execution, number>()

  /** @param after milliseconds that a run may wait in memory */
  constructor(clock: Clock, after: number, park: (execution: Execution) => void) {
    this.#clock = clock
    this.#after = after
    this.#park = park
  }

  /** To be called now and then with all runs that are executed. @returns how many of them are at rest */
  look(executions: Iterable<Execution>): number {
    const now = this.#clock.steady()
    const resting = new Map<Execution, number>()
    for (const execution of executions) {
      if (!execution.atRest) continue
      let since = this.#resting.get(execution) ?? now
      if (execution.mayBeParked && now - since >= this.#after && this.#isWorthIt(execution)) {
        this.#park(execution)
        since = now // should it not be parked, the next try comes as much later
      }
      resting.set(execution, since)
    }
    this.#resting = resting
    return resting.size
  }

  /** One that wants to go on soon would only be read again. */
  #isWorthIt({ wakeAt }: Execution): boolean {
    return wakeAt === undefined || wakeAt - this.#clock.now() >= this.#after
  }
}
