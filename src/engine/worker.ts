import type { WorkflowCode } from '../core/definition.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { RunRecord, Store } from '../core/ports/store.ts'
import type { Ownership } from './ownership.ts'

/** So often dead owners are looked for, in milliseconds of steady time. */
const LOOK_FOR_DEAD = 1000

/** So many runs of a workflow are asked for at a time. */
const BATCH = 64

export interface WorkerOptions {
  readonly store: Store
  readonly clock: Clock
  readonly ownership: Ownership
  /** How many more runs may be executed here now. */
  room(): number
  take(record: RunRecord, workflow: WorkflowCode): Promise<boolean>
  onError(error: unknown): void
}

/**
 * Takes up runs that nobody has (R4): new ones, those of dead owners, and those that waited and are due. Any number of
 * processes may do so over one store: each run is claimed by one of them.
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #workflows = new Map<string, WorkflowCode>()
  #deadLookedForAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  #again = false
  #over = false

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  /** Runs of this workflow are taken up as well. One without a name cannot be found by it. */
  learn(workflow: WorkflowCode): void {
    if (workflow.name !== undefined) this.#workflows.set(workflow.name, workflow)
  }

  get looking(): boolean {
    return this.#looking !== undefined
  }

  stop(): Promise<void> {
    this.#over = true
    return this.#looking ?? Promise.resolve()
  }

  /** Looks for work, at once or after the look that is under way. Resolves when that is done; never rejects. */
  look(): Promise<void> {
    this.#again = true
    return (this.#looking ??= this.#lookUntilDone()
      .catch(this.#options.onError)
      .finally(() => {
        this.#looking = undefined
      }))
  }

  async #lookUntilDone(): Promise<void> {
    while (this.#again && !this.#over) {
      this.#again = false
      await this.#giveBackOfDead()
      // Another order each time, so that a workflow with many runs does not keep the others waiting.
      const [first, ...others] = this.#workflows
      if (first === undefined) return
      this.#workflows.delete(first[0])
      this.#workflows.set(...first)
      for (const [name, workflow] of [first, ...others]) await this.#takeUp(name, workflow)
    }
  }

  async #giveBackOfDead(): Promise<void> {
    const { clock, ownership } = this.#options
    if (clock.steady() - this.#deadLookedForAt < LOOK_FOR_DEAD) return
    this.#deadLookedForAt = clock.steady()
    await ownership.removeDead()
  }

  async #takeUp(name: string, workflow: WorkflowCode): Promise<void> {
    const { store, clock, room, take } = this.#options
    while (!this.#over) {
      const wanted = Math.min(room(), BATCH)
      if (wanted <= 0) return
      const runs = await store.idleRuns(name, clock.now(), wanted)
      const taken = await Promise.all(runs.map((record) => take(record, workflow)))
      if (runs.length < wanted || !taken.includes(true)) return
    }
  }
}
