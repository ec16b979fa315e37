import type { Clock } from '../core/ports/clock.ts'
import type { Key, TimerEffect } from '../core/ports/effects.ts'

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
  readonly #armed = new Map<Key, () => void>()

  constructor(clock: Clock, noted: ReadonlyMap<Key, number>, reports: TimerReports) {
    this.#clock = clock
    this.#noted = noted
    this.#reports = reports
  }

  start({ key, duration }: TimerEffect): void {
    const noted = this.#noted.get(key)
    const due = noted ?? this.#clock.now() + duration
    if (noted === undefined) this.#reports.armed(key, due)
    const cancel = this.#clock.schedule(due, () => {
      this.#armed.delete(key)
      this.#reports.fired(key)
    })
    this.#armed.set(key, cancel)
  }

  cancel(key: Key): void {
    this.#armed.get(key)?.()
    this.#armed.delete(key)
  }

  cancelAll(): void {
    for (const cancel of this.#armed.values()) cancel()
    this.#armed.clear()
  }
}
