import type { Clock } from '../core/ports/clock.ts'
import type { RunRecord, Store } from '../core/ports/store.ts'

/** So many runs are woken together: each is claimed and read at once. */
const BATCH = 256

export interface WaitingRunsOptions {
  readonly store: Store
  readonly clock: Clock
  /** The engine whose runs they are. */
  readonly owner: string
  /** Executes a run that is due. @returns whether it does */
  wake(record: RunRecord): Promise<boolean>
  onError(error: unknown): void
}

/**
 * The runs that this engine looks after while they only wait (R7): in the store, not in memory. Of all of them together
 * there is one timer here and, for each, its number.
 */
export class WaitingRuns {
  readonly #options: WaitingRunsOptions
  readonly #numbers = new Set<number>()
  #timer: { readonly at: number; readonly cancel: () => void } | undefined
  #looking: Promise<void> | undefined
  #again = false
  #over = false

  constructor(options: WaitingRunsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#numbers.size
  }

  has(no: number): boolean {
    return this.#numbers.has(no)
  }

  get looking(): boolean {
    return this.#looking !== undefined
  }

  parked(no: number, wakeAt: number | undefined): void {
    if (this.#over) return
    this.#numbers.add(no)
    this.#wakeBy(wakeAt)
    // What happened while it was being put away has made it due, and told nobody here.
    this.look()
  }

  adopted(numbers: readonly number[]): void {
    for (const no of numbers) this.#numbers.add(no)
    if (numbers.length > 0) this.look()
  }

  /** It is executed, or somebody else's. */
  gone(no: number): void {
    this.#numbers.delete(no)
    if (this.#numbers.size === 0) this.#disarm()
  }

  /** Others took this engine for dead, and what waits here is not its concern any more. */
  lost(): void {
    this.#numbers.clear()
    this.#disarm()
  }

  stop(): Promise<void> {
    this.#over = true
    this.lost()
    return this.#looking ?? Promise.resolve()
  }

  /** Wakes what is due. */
  look(): void {
    if (this.#over || this.#numbers.size === 0) return
    this.#again = true
    this.#looking ??= this.#wakeAll().then(
      () => (this.#looking = undefined),
      (error: unknown) => {
        this.#looking = undefined
        this.#options.onError(error) // the next look tries again
      },
    )
  }

  async #wakeAll(): Promise<void> {
    const { store, clock, owner, wake } = this.#options
    while (this.#again && !this.#over) {
      this.#again = false
      const due = await store.dueRuns(owner, clock.now(), BATCH)
      const woken = await Promise.all(due.map((record) => wake(record)))
      if (due.length === BATCH && woken.includes(true)) this.#again = true
    }
    if (!this.#over) this.#wakeBy(await store.nextDue(owner))
  }

  /** Runs that are due and could not be woken are looked at again by the next look, which comes soon in any case. */
  #wakeBy(at: number | undefined): void {
    const { clock } = this.#options
    if (at === undefined || this.#numbers.size === 0 || (this.#timer !== undefined && this.#timer.at <= at))
      return
    if (at <= clock.now()) return
    this.#disarm()
    const cancel = clock.schedule(at, () => {
      this.#timer = undefined
      this.look()
    })
    this.#timer = { at, cancel }
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
