import type { Completion, Effect, Key } from '../core/ports/effects.ts'
import type { Answer, Reusable } from './reusable.ts'
import { SmallMap, SmallSet } from '../core/small-collections.ts'

export interface AnswersPort {
  /** Records the answer in the new order; it is delivered like everything that happens. */
  record(completion: Completion): void
  /** Executes what nothing answers. */
  execute(effect: Effect): void
  /** For those who trace it: nothing answers it, and it is executed later. */
  held?(effect: Effect): void
}

/**
 * Between a run that is retried, or a fork, and the world. Invariants:
 * 1. Operations that are asked for together are answered in the order in which they succeeded before, so that a race has
 *    the winner that it had.
 * 2. While there are answers on their way nothing is executed (as D4 has it for a replay): a loser that was given up when
 *    the winner was known is not started again only because it has left no outcome.
 */
export class Answers {
  readonly #reusable: Reusable
  readonly #port: AnswersPort
  readonly #taken = new SmallMap<Key, Answer>()
  readonly #held = new SmallMap<Key, Effect>()
  /** Recorded and not delivered yet. */
  readonly #onTheirWay = new SmallSet<Completion>()
  #batch: readonly Completion[] = []
  #settling = false

  constructor(reusable: Reusable, port: AnswersPort) {
    this.#reusable = reusable
    this.#port = port
  }

  start(effect: Effect): void {
    const answer = this.#reusable.take(effect)
    if (answer !== undefined) this.#taken.set(effect.key, answer)
    else if (this.#reusable.isEmpty && this.quiet) return this.#port.execute(effect)
    else {
      this.#held.set(effect.key, effect)
      this.#port.held?.(effect)
    }
    this.#settleSoon()
  }

  /** @returns the effect, if it was held */
  cancel(key: Key): Effect | undefined {
    const held = this.#held.get(key)
    this.#held.delete(key)
    this.#taken.delete(key)
    return held
  }

  /** The run loop is given these. */
  delivering(batch: readonly Completion[]): void {
    this.#batch = batch
  }

  /** The run loop has delivered what it was given, and all that follows from that has happened. */
  delivered(): void {
    if (this.#onTheirWay.size > 0) for (const completion of this.#batch) this.#onTheirWay.delete(completion)
    this.#batch = []
    this.#settleSoon()
  }

  /** Nothing starts any more. */
  close(): void {
    this.#taken.clear()
    this.#held.clear()
  }

  /** Nothing is held, and no answer on its way. */
  get quiet(): boolean {
    return this.#taken.size === 0 && this.#held.size === 0 && this.#onTheirWay.size === 0
  }

  #settleSoon(): void {
    if (this.#settling || (this.#taken.size === 0 && this.#held.size === 0)) return
    this.#settling = true
    // After the microtasks: by then everything that is asked for together has been asked for.
    process.nextTick(() => {
      this.#settling = false
      this.#settle()
    })
  }

  #settle(): void {
    const answers = [...this.#taken.values()].sort((a, b) => a.place - b.place)
    this.#taken.clear()
    for (const { completion } of answers) {
      this.#onTheirWay.add(completion)
      this.#port.record(completion)
    }
    if (this.#onTheirWay.size > 0) return
    const effects = [...this.#held.values()]
    this.#held.clear()
    for (const effect of effects) this.#port.execute(effect)
  }
}
