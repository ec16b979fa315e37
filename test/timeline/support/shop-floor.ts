import type { VirtualClock } from 'ai-workflows/testing'
import { quiet } from '../../spec/support/gate.ts'

interface Job {
  readonly name: string
  readonly due: number
  readonly end: () => void
}

/** Functions that take virtual time. What is waited for is only that those run which should. */
export class ShopFloor {
  readonly #clock: VirtualClock
  readonly #jobs = new Set<Job>()
  #changed: (() => void) | undefined

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** What a step calls: it is done after so many milliseconds, or fails when it is given up. */
  async work(name: string, milliseconds: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const job = { name, due: this.#clock.now() + milliseconds, end: resolve }
    this.#jobs.add(job)
    this.#changed?.()
    signal?.addEventListener('abort', () => {
      this.#jobs.delete(job)
      this.#changed?.()
      reject(signal.reason as Error)
    })
    await promise
  }

  /** Resolves when these run, and no others: their names, with a space between, in the order of the alphabet. */
  async busy(names: string): Promise<void> {
    while (
      [...this.#jobs]
        .map(({ name }) => name)
        .toSorted()
        .join(' ') !== names
    ) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#changed = resolve
      await promise
    }
    this.#changed = undefined
  }

  /** As soon as these run, time passes until the first of them is done, or several at once. */
  async pass(...names: readonly string[]): Promise<void> {
    for (const running of names) {
      await this.busy(running)
      const due = Math.min(...[...this.#jobs].map((job) => job.due))
      this.#clock.advance(due - this.#clock.now())
      for (const job of this.#jobs)
        if (job.due === due) {
          this.#jobs.delete(job)
          job.end()
        }
      await quiet() // it is reported before the clock moves on
    }
  }
}
