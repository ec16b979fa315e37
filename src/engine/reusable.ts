import { compensatedBy, compensationKey } from '../core/key.ts'
import type { Completion, Effect, Key, StepEffect } from '../core/ports/effects.ts'
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
 * without being executed, and recorded anew at its place in the new order. A step that was undone afterwards is not.
 */
export class Reusable {
  readonly #completions = new Map<Key, Completion>()
  /** How often a step, and so its compensation, was done and undone. */
  readonly #undone = new Map<Key, number>()

  /** @param earlier in journal order */
  constructor(earlier: readonly JournalEntry[]) {
    for (const { completion } of earlier) {
      if (!(completion.kind in ANSWERS)) continue
      const { key } = completion
      const compensated = completion.kind === 'step-done' ? compensatedBy(key) : undefined
      if (compensated !== undefined) this.#undo(compensated)
      else if (!key.includes('!')) this.#completions.set(key, completion)
    }
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

  /** The step, told how often it was undone. */
  again(effect: StepEffect): StepEffect {
    const undone = this.#undone.get(effect.key)
    if (undone === undefined) return effect
    const { kind, key, name, attempt, notBefore } = effect
    return {
      kind,
      key,
      name,
      attempt,
      notBefore,
      execute: (control) => effect.execute({ ...control, undone }),
    }
  }

  #undo(step: Key): void {
    const times = (this.#undone.get(step) ?? 0) + 1
    this.#completions.delete(step)
    this.#undone.set(step, times)
    this.#undone.set(compensationKey(step), times)
  }
}
