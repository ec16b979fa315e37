import type { Clock } from 'ai-workflows'
import { quiet } from './gate.ts'

interface Timer {
  readonly at: number
  readonly fire: () => void
}

/** Time that moves only when the test says so. */
export class FakeClock implements Clock {
  #now = Date.UTC(2030, 0, 1)
  readonly #timers = new Set<Timer>()
  readonly #expected = new Map<number, () => void>()

  now(): number {
    return this.#now
  }

  schedule(at: number, fire: () => void): () => void {
    const timer = { at, fire }
    this.#timers.add(timer)
    this.#expected.get(at - this.#now)?.()
    this.#expected.delete(at - this.#now)
    return () => this.#timers.delete(timer)
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** Resolves when a timer is, or is being, set for `delay` from now. */
  armed(delay: number): Promise<void> {
    if ([...this.#timers].some(({ at }) => at === this.#now + delay)) return Promise.resolve()
    return new Promise((resolve) => this.#expected.set(delay, resolve))
  }

  /** Moves on, timer by timer, letting each have its consequences. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.fire()
      await quiet(4)
    }
    this.#now = end
    await quiet()
  }
}
