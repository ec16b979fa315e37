import type { Clock } from '../core/ports/clock.ts'

interface Timer {
  /** Of steady time. Moves with a jump of the wall clock, for those that wait for a wall-clock time. */
  at: number
  /** Wall-clock time that it waits for; undefined for one that waits for steady time. */
  readonly wall: number | undefined
  /** Undefined once it has fired or was cancelled. */
  fire: (() => void) | undefined
}

interface Ticker {
  readonly interval: number
  readonly fire: () => void
  due: number
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
 * Timers fire in order of time, those of the same time in the order in which they were scheduled. What an engine looks
 * at again and again (`every`) is neither pending nor next, and fires at most once each time that the clock is advanced.
 */
export class VirtualClock implements Clock {
  readonly #start: number
  #steady = 0
  #jumped = 0
  /** By time, then by order of scheduling. Cancelled ones stay until their turn comes. */
  #timers: Timer[] = []
  readonly #tickers = new Set<Ticker>()
  #pending = 0

  /** @param start milliseconds since the epoch */
  constructor(start = 0) {
    this.#start = start
  }

  /** How many timers are still to fire. */
  get pending(): number {
    return this.#pending
  }

  now(): number {
    return this.#start + this.#jumped + this.#steady
  }

  steady(): number {
    return this.#steady
  }

  /** The time at which the next timer fires (now, for one that is due), or undefined when there is none. */
  next(): number | undefined {
    const timer = this.#first()
    return timer === undefined ? undefined : Math.max(this.#wallOf(timer.at), this.now())
  }

  /** Nothing fires before the clock is advanced, not even what is due already. */
  schedule(at: number, fire: () => void): () => void {
    return this.#add({ at: this.#steadyOf(at), wall: at, fire })
  }

  after(delay: number, fire: () => void): () => void {
    return this.#add({ at: this.#steady + delay, wall: undefined, fire })
  }

  every(interval: number, fire: () => void): () => void {
    const ticker = { interval, fire, due: this.#steady + interval }
    this.#tickers.add(ticker)
    return () => this.#tickers.delete(ticker)
  }

  /**
   * Moves on by `ms` and fires, before it returns, every timer that is due by then, also those that others schedule as
   * they fire. What a promise schedules comes after: let it run, and advance again.
   */
  advance(ms: number): void {
    const until = this.#steady + ms
    for (let timer = this.#first(); timer !== undefined && timer.at <= until; timer = this.#first()) {
      const { fire } = timer
      this.#steady = Math.max(this.#steady, timer.at)
      timer.fire = undefined
      this.#pending--
      fire?.()
    }
    this.#steady = Math.max(this.#steady, until)
    for (const ticker of this.#tickers) {
      if (ticker.due > this.#steady) continue
      ticker.due = this.#steady + ticker.interval
      ticker.fire()
    }
  }

  /** Sets the wall clock forward, or back, as a person or a time server may. No time passes, and nothing fires before the next `advance`. */
  jump(ms: number): void {
    this.#jumped += ms
    for (const timer of this.#timers) if (timer.wall !== undefined) timer.at = this.#steadyOf(timer.wall)
    this.#timers = this.#timers.toSorted((a, b) => a.at - b.at)
  }

  #steadyOf(wall: number): number {
    return wall - this.#start - this.#jumped
  }

  #wallOf(steady: number): number {
    return steady + this.#start + this.#jumped
  }

  #add(timer: Timer): () => void {
    this.#timers.splice(this.#placeFor(timer.at), 0, timer)
    this.#pending++
    return () => {
      if (timer.fire === undefined) return
      timer.fire = undefined
      this.#pending--
    }
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
