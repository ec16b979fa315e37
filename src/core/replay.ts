import type { Completion, Key } from './ports/effects.ts'
import { SmallMap } from './small-collections.ts'

/**
 * The completions of a run that were recorded before this execution, and which operations its code has come to meanwhile: only
 * by that can a changed program be told (D5). A run without any has none of these.
 */
export class Replay {
  #remaining: number
  /**
   * Keys that a recorded completion may still come for, and whether they have started. Dropped after the replay, and each when it
   * has got what it waited for: a step that is tried again starts again.
   */
  #known: SmallMap<Key, boolean> | undefined = new SmallMap()
  /** Recorded completions that came before their operation started: the code's limits have changed since. */
  readonly #early = new SmallMap<Key, Completion[]>()
  #onKey: ((key: Key) => void) | undefined

  constructor(recorded: number) {
    this.#remaining = recorded
  }

  /** Recorded completions remain. */
  get goesOn(): boolean {
    return this.#remaining > 0
  }

  /** One more was delivered. */
  count(): void {
    if (this.#remaining > 0) this.#remaining--
  }

  /** The code has come to an operation. */
  learn(key: Key, started: boolean): void {
    if (this.#known === undefined) return
    this.#known.set(key, started)
    this.#onKey?.(key)
  }

  /** It has got what it waited for. */
  forget(key: Key): void {
    this.#known?.delete(key)
  }

  knows(key: Key): boolean {
    return this.#known === undefined || this.#known.has(key)
  }

  /** Calls back, at most once, when an operation with the key comes to be. @returns stops waiting */
  whenKnown(key: Key, callback: () => void): () => void {
    this.#onKey = (created) => {
      if (created === key) callback()
    }
    return () => {
      this.#onKey = undefined
    }
  }

  /** Of an operation that exists and has not started: kept until it does. */
  keep(completion: Completion): void {
    const { key } = completion
    if (this.#known?.get(key) !== false) return
    const kept = this.#early.get(key)
    if (kept === undefined) this.#early.set(key, [completion])
    else kept.push(completion)
  }

  /** What was kept for an operation that starts now. */
  take(key: Key): Completion | undefined {
    return this.#early.get(key)?.shift()
  }

  /** None remain. @returns whether that is new */
  end(): boolean {
    const first = this.#known !== undefined
    this.#known = undefined
    return first
  }
}
