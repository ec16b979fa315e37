import type { Clock } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { quiet } from './gate.ts'

/** The virtual clock, for tests that must know when something has come to wait, and let it have its consequences. */
export class FakeClock implements Clock {
  readonly #clock = new VirtualClock(Date.UTC(2030, 0, 1))
  readonly #set = new Set<number>()
  readonly #awaited = new Map<number, () => void>()

  now(): number {
    return this.#clock.now()
  }

  steady(): number {
    return this.#clock.steady()
  }

  after(delay: number, fire: () => void): () => void {
    return this.schedule(this.now() + delay, fire)
  }

  every(interval: number, fire: () => void): () => void {
    return this.#clock.every(interval, fire)
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#clock.pending
  }

  schedule(at: number, fire: () => void): () => void {
    const delay = at - this.now()
    this.#set.add(delay)
    this.#awaited.get(delay)?.()
    const cancel = this.#clock.schedule(at, () => {
      this.#set.delete(delay)
      fire()
    })
    return () => {
      this.#set.delete(delay)
      cancel()
    }
  }

  /** Resolves when a timer that was set for `delay` waits. */
  armed(delay: number): Promise<void> {
    if (this.#set.has(delay)) return Promise.resolve()
    return new Promise((resolve) => this.#awaited.set(delay, resolve))
  }

  /** Moves on, timer by timer, letting each have its consequences before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now() + milliseconds
    for (let next = this.#clock.next(); next !== undefined && next <= end; next = this.#clock.next()) {
      this.#clock.advance(next - this.now())
      await quiet(4)
    }
    this.#clock.advance(end - this.now())
    await quiet()
  }
}
