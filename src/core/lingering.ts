import { SmallMap } from './small-collections.ts'

/** Calls that were given up and have not ended, by what they are calls of: several when a retry was given up as well. */
export class Lingering<Of extends string | object, Call> {
  readonly #calls = new SmallMap<Of, Set<Call>>()
  readonly #waiting = new SmallMap<Of, (() => void)[]>()

  get size(): number {
    return this.#calls.size
  }

  has(of: Of): boolean {
    return this.#calls.has(of)
  }

  add(of: Of, call: Call): void {
    const others = this.#calls.get(of)
    if (others === undefined) this.#calls.set(of, new Set([call]))
    else others.add(call)
  }

  /** Calls back, if it was the last of them. Does nothing for a call that was not given up. */
  ended(of: Of, call: Call): void {
    const calls = this.#calls.get(of)
    if (!calls?.delete(call) || calls.size > 0) return
    this.#calls.delete(of)
    const callbacks = this.#waiting.get(of) ?? []
    this.#waiting.delete(of)
    for (const callback of callbacks) callback()
  }

  /** Calls back when there is none any more; at once when there is none. */
  whenEnded(of: Of, callback: () => void): void {
    if (!this.has(of)) callback()
    else this.#waiting.set(of, [...(this.#waiting.get(of) ?? []), callback])
  }
}
