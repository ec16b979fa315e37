import type { Context, RestatePromise } from '@restatedev/restate-sdk'
import type { Clock } from '../core/ports/clock.ts'
import type { Key } from '../core/ports/effects.ts'

interface Deadline {
  readonly due: number
  /** @param at the deadline: a replay sees the same */
  readonly passed: (at: number) => void
}

/**
 * Times to wait for: all share the durable sleep to the earliest of them, so that ten thousand retries that wait are one
 * promise to race. Deadlines follow from what is recorded, so a replay sleeps to the same ones. Invariant: there is a sleep
 * to the earliest deadline before the run waits.
 */
export class Deadlines {
  readonly #ctx: Pick<Context, 'sleep'>
  readonly #clock: Pick<Clock, 'now'>
  readonly #armed = new Map<Key, Deadline>()
  /** By their ends. One whose deadlines were all given up is not awaited any more. */
  readonly #sleeps = new Map<number, RestatePromise<() => void>>()

  constructor(ctx: Pick<Context, 'sleep'>, clock: Pick<Clock, 'now'>) {
    this.#ctx = ctx
    this.#clock = clock
  }

  /** To be awaited with all else that the run waits for; what it gives is to be called. */
  get source(): RestatePromise<() => void> | undefined {
    let earliest: Key | undefined
    let due = Number.POSITIVE_INFINITY
    for (const [key, deadline] of this.#armed)
      if (deadline.due < due) {
        earliest = key
        due = deadline.due
      }
    return earliest === undefined ? undefined : this.#sleepTo(due, earliest)
  }

  arm(key: Key, due: number, passed: (at: number) => void): void {
    this.#armed.set(key, { due, passed })
  }

  cancel(key: Key): void {
    this.#armed.delete(key)
  }

  cancelAll(): void {
    this.#armed.clear()
  }

  #sleepTo(due: number, name: Key): RestatePromise<() => void> {
    const known = this.#sleeps.get(due)
    if (known !== undefined) return known
    // Restate keeps when it ends, from the first time; a replay's own duration is not looked at.
    const duration = Math.max(0, Math.ceil(due - this.#clock.now()))
    const sleep = this.#ctx.sleep(duration, name).map(() => () => this.#pass(due))
    this.#sleeps.set(due, sleep)
    return sleep
  }

  #pass(now: number): void {
    this.#sleeps.delete(now)
    const passed = [...this.#armed].filter(([, { due }]) => due <= now).sort(([, a], [, b]) => a.due - b.due)
    for (const [key, deadline] of passed) {
      this.#armed.delete(key)
      deadline.passed(deadline.due)
    }
  }
}
