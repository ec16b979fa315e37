import type { Clock } from '../core/ports/clock.ts'

interface Timer {
  readonly at: number
  /** Undefined once it has fired or was cancelled. */
  fire: (() => void) | undefined
}

/**
 * A clock that stands still until it is told to move: hours pass in no time, and always in the same order.
 *
 * ```ts
 * const clock = new VirtualClock()
 * const engine = createEngine({ store: memoryStore(), clock })
 * // … until the run waits, then:
 * clock.advance(60_000)
 * ```
 *
 * Timers fire in order of time, those of the same time in the order in which they were scheduled.
 */
export class VirtualClock implements Clock {
  #now: number
  /** By time, then by order of scheduling. Cancelled ones stay until their turn comes. */
  #timers: Timer[] = []
  #pending = 0

  /** @param start milliseconds since the epoch */
  constructor(start = 0) {
    this.#now = start
  }

  /** How many timers are still to fire. */
  get pending(): number {
    return this.#pending
  }

  now(): number {
    return this.#now
  }

  /** The time at which the next timer fires (now, for one that is due), or undefined when there is none. */
  next(): number | undefined {
    const timer = this.#first()
    return timer === undefined ? undefined : Math.max(timer.at, this.#now)
  }

  /** Nothing fires before the clock is advanced, not even what is due already. */
  schedule(at: number, fire: () => void): () => void {
    const timer: Timer = { at, fire }
    this.#timers.splice(this.#placeFor(at), 0, timer)
    this.#pending++
    return () => {
      if (timer.fire === undefined) return
      timer.fire = undefined
      this.#pending--
    }
  }

  /**
   * Moves on by `ms` and fires, before it returns, every timer that is due by then, also those that others schedule as
   * they fire. What a promise schedules comes after: let it run, and advance again.
   */
  advance(ms: number): void {
    const until = this.#now + ms
    for (let timer = this.#first(); timer !== undefined && timer.at <= until; timer = this.#first()) {
      const { fire } = timer
      this.#now = Math.max(this.#now, timer.at)
      timer.fire = undefined
      this.#pending--
      fire?.()
    }
    this.#now = Math.max(this.#now, until)
  }

  #first(): Timer | undefined {
    let dead = 0
    while (dead < this.#timers.length && this.#timers[dead]?.fire === undefined) dead++
    if (dead > 0) this.#timers.splice(0, dead)
    return this.#timers[0]
  }

  /** After all that are as early. */
  #placeFor(at: number): number {
    let [from, to] = [0, this.#timers.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.#timers[middle]?.at ?? 0) <= at) from = middle + 1
      else to = middle
    }
    return from
  }
}
