import type { Completion, Effect, Key } from '../core/ports/effects.ts'
import type { JournalEntry } from '../core/ports/store.ts'

/** Which completion answers which effect. Timers that the library made (`parallel!timeout`) are a failure's, not a success. */
const ANSWERS: Readonly<Record<string, Effect['kind']>> = {
  'step-done': 'step',
  'child-done': 'child',
  'event-received': 'event',
  'timer-fired': 'timer',
}

/**
 * What succeeded in earlier attempts at a run (`retry`): an operation of the same key and kind is answered from here,
 * without being executed, and recorded anew at its place in the new order.
 */
export class Reusable {
  readonly #completions = new Map<Key, Completion>()

  constructor(earlier: readonly JournalEntry[]) {
    for (const { completion } of earlier)
      if (completion.kind in ANSWERS && !completion.key.includes('!'))
        this.#completions.set(completion.key, completion)
  }

  get stepKeys(): readonly Key[] {
    return [...this.#completions.values()].filter(({ kind }) => kind === 'step-done').map(({ key }) => key)
  }

  /** Answers at most once, with the time at which it happened. */
  take(effect: Effect): Completion | undefined {
    const completion = this.#completions.get(effect.key)
    if (completion === undefined || ANSWERS[completion.kind] !== effect.kind) return undefined
    this.#completions.delete(effect.key)
    return completion
  }
}
