import type { Clock } from '../core/ports/clock.ts'
import type { InboxItem, Store } from '../core/ports/store.ts'

/** How long an event or a cancel request sent by another process may take to be noticed, in milliseconds. */
const INTERVAL = 200

export interface InboxReports {
  arrived(item: InboxItem): void
  /** After each look. */
  looked(): void
  failed(error: unknown): void
}

/** Looks for what other processes send to the runs that this one executes. */
export class InboxWatch {
  readonly #store: Store
  readonly #clock: Clock
  readonly #reports: InboxReports
  #last = 0
  #starting: Promise<void> | undefined
  #cancel: (() => void) | undefined
  #generation = 0

  constructor(store: Store, clock: Clock, reports: InboxReports) {
    this.#store = store
    this.#clock = clock
    this.#reports = reports
  }

  /** Once it has resolved nothing is missed: read a run's pending items after that. */
  start(): Promise<void> {
    if (this.#starting !== undefined) return this.#starting
    const starting = this.#begin(++this.#generation)
    this.#starting = starting
    starting.catch(() => {
      if (this.#starting === starting) this.#starting = undefined // the next one tries again
    })
    return starting
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#starting = undefined
    this.#generation++
  }

  async #begin(generation: number): Promise<void> {
    this.#last = await this.#store.lastInboxId()
    if (generation !== this.#generation) return
    let looking = false
    this.#cancel = this.#clock.every(INTERVAL, () => {
      if (looking) return
      looking = true
      this.#look()
        .catch((error: unknown) => this.#reports.failed(error))
        .finally(() => {
          looking = false
          if (generation === this.#generation) this.#reports.looked()
        })
    })
  }

  async #look(): Promise<void> {
    for (;;) {
      const items = await this.#store.readInbox(this.#last, 256)
      for (const item of items) {
        this.#last = item.id
        this.#reports.arrived(item)
      }
      if (items.length < 256) return
    }
  }
}
