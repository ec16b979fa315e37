import type { Clock } from '../core/ports/clock.ts'

/** A run that is executed here now. */
export interface Executing {
  /** Begins no more steps; resolves when those that run have ended and are recorded. */
  settle(): Promise<void>
  /** Aborts what runs. */
  leave(): void
}

/** The runs that are executed in this process. */
export class InProgress {
  readonly #runs = new Set<Executing>()

  add(run: Executing): void {
    this.#runs.add(run)
  }

  delete(run: Executing): void {
    this.#runs.delete(run)
  }

  /** Lets running steps end within `grace` milliseconds, and aborts the rest. */
  async end(grace: number, clock: Pick<Clock, 'after'>): Promise<void> {
    const settled = Promise.all([...this.#runs].map((run) => run.settle()))
    if (grace > 0) {
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const stop = clock.after(grace, resolve)
      await Promise.race([settled, late])
      stop()
    }
    for (const run of this.#runs) run.leave()
  }
}
