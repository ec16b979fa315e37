import type { Clock } from '../core/ports/clock.ts'
import type { Key, TimerEffect } from '../core/ports/effects.ts'
import { SmallMap } from '../core/small-collections.ts'

export interface TimerReports {
  /** The timer starts for the first time in the life of the run: its deadline wants a note. */
  armed(key: Key, due: number): void
  fired(key: Key): void
}

/** The durable timers of one run: each keeps the deadline that was noted when it first started. */
export class Timers {
  readonly #clock: Clock
  readonly #reports: TimerReports
  readonly #noted: ReadonlyMap<Key, number>
  readonly #armed = new SmallMap<Key, { readonly due: number; readonly cancel: () => void }>()

  constructor(clock: Clock, noted: ReadonlyMap<Key, number>, reports: TimerReports) {
    this.#clock = clock
    this.#noted = noted
    this.#reports = reports
  }

  /** When the next one fires; Infinity when none is armed. */
  get next(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { due } of this.#armed.values()) next = Math.min(next, due)
    return next
  }

  get size(): number {
    return this.#armed.size
  }

  start({ key, duration }: TimerEffect): void {
    const noted = this.#noted.get(key)
    const due = noted ?? this.#clock.now() + duration
    if (noted === undefined) this.#reports.armed(key, due)
    const cancel = this.#clock.schedule(due, () => {
      this.#armed.delete(key)
      this.#reports.fired(key)
    })
    this.#armed.set(key, { due, cancel })
  }

  cancel(key: Key): void {
    this.#armed.get(key)?.cancel()
    this.#armed.delete(key)
  }

  cancelAll(): void {
    for (const { cancel } of this.#armed.values()) cancel()
    this.#armed.clear()
  }
}
