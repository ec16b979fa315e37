import type { RunStatus } from '../core/ports/store.ts'
import type { Execution } from './execution.ts'

/** A run that this process executes now. */
export interface ActiveRun {
  readonly id: string
  readonly execution: Execution
  /** Rejects when the run could go no further here. Resolves with `waiting` when the run was parked. */
  readonly ended: Promise<RunStatus>
}

/** After so many turns of the event loop, whoever waits for quiet looks less often. */
const SOON = 100

/** The runs that this process executes, by number. */
export class ActiveRuns {
  readonly #runs = new Map<number, ActiveRun>()
  readonly #ids = new Set<string>()
  #waiters: (() => void)[] = []

  get size(): number {
    return this.#runs.size
  }

  get(no: number): ActiveRun | undefined {
    return this.#runs.get(no)
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  set(no: number, run: ActiveRun): void {
    this.#runs.set(no, run)
    this.#ids.add(run.id)
  }

  delete(no: number): void {
    const run = this.#runs.get(no)
    if (run !== undefined) this.#ids.delete(run.id)
    this.#runs.delete(no)
    this.changed()
  }

  [Symbol.iterator](): Iterator<ActiveRun> {
    return this.#runs.values()
  }

  *executions(): Generator<Execution> {
    for (const { execution } of this.#runs.values()) yield execution
  }

  /** Something was recorded, or a run came or went: whoever waits for quiet looks again. */
  changed(): void {
    const waiters = this.#waiters
    if (waiters.length === 0) return
    this.#waiters = []
    for (const waiter of waiters) waiter()
  }

  /** Lets runs deal with what has happened to them: a few turns of the event loop, however long their code takes. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < SOON && this.#some(({ dealing }) => dealing); turns++) await turn(0)
  }

  /** Resolves when no run can go on by itself, and nothing else is under way. */
  async quiet(busy: () => boolean): Promise<void> {
    for (let turns = 0, still = 0; still < 3; turns++) {
      await turn(turns < SOON ? 0 : 5)
      still = busy() || this.#some(({ idling }) => !idling) ? 0 : still + 1
      // Functions of steps take as long as they take; when one ends, that is recorded.
      if (this.#some(({ stepsRun }) => stepsRun))
        await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
  }

  #some(is: (execution: Execution) => boolean): boolean {
    for (const execution of this.executions()) if (is(execution)) return true
    return false
  }
}

function turn(delay: number): Promise<void> {
  return new Promise((resolve) => void (delay === 0 ? setImmediate(resolve) : setTimeout(resolve, delay)))
}
