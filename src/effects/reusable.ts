import type { Completion, Effect, Key } from '../core/ports/effects.ts'
import { ANSWERS, type Outcome } from './outcomes.ts'

/** A completion that answers an operation without executing it. */
export interface Answer {
  /** Its rank among all answers. */
  readonly place: number
  readonly completion: Completion
}

/**
 * What succeeded in earlier orders of a run (`retry`), or in the run of which it is a fork: an operation of the same key
 * and kind is answered from here, without being executed, and recorded anew at its place in the new order.
 */
export class Reusable {
  readonly #answers = new Map<Key, Answer>()

  readonly #undone: ReadonlyMap<Key, number>

  /**
   * @param outcomes in the order in which the code comes by them
   * @param undone how often each step, and so its compensation, was done and undone
   */
  constructor(outcomes: readonly Outcome[], undone: ReadonlyMap<Key, number>) {
    this.#undone = undone
    for (const [place, { completion, reusable }] of outcomes.entries())
      if (reusable) this.#answers.set(completion.key, { place, completion })
  }

  get isEmpty(): boolean {
    return this.#answers.size === 0
  }

  get stepKeys(): readonly Key[] {
    return [...this.#answers].flatMap(([key, { completion }]) =>
      completion.kind === 'step-done' ? [key] : [],
    )
  }

  /** Answers at most once, with the time at which it happened. */
  take(effect: Effect): Answer | undefined {
    if (this.isEmpty) return undefined
    const answer = this.#answers.get(effect.key)
    if (answer === undefined || ANSWERS[answer.completion.kind] !== effect.kind) return undefined
    this.#answers.delete(effect.key)
    return answer
  }

  /** How often the step was done and undone. */
  timesUndone(key: Key): number {
    return this.#undone.get(key) ?? 0
  }
}
