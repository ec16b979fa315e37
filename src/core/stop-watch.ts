import type { CancelledError } from './errors.ts'
import { derivedKey } from './key.ts'
import type { Host, Leaf } from './host.ts'

/**
 * Waits until everything that one cancellation reached has really stopped (`waitForCancelled`): step functions
 * through journaled `stop` effects, function branches through their own promises. Nothing here depends on
 * anything but deliveries, so it replays.
 */
export class StopWatch {
  readonly #host: Host
  readonly #onStopped: () => void
  #pending = 1 // one for `seal`
  /** What it waits for. */
  readonly #leaves = new Set<Leaf>()
  /** Others that wait for the same. */
  #told: StopWatch[] = []

  constructor(host: Host, onStopped: () => void) {
    this.#host = host
    this.#onStopped = onStopped
  }

  /** Waits for the cancelled `target` to end. */
  effect(target: Leaf): void {
    const leaf: Leaf = {
      key: derivedKey(target.key, 'stop'),
      deliver: () => {
        this.#leaves.delete(leaf)
        this.#one()
      },
    }
    this.#pending++
    this.#leaves.add(leaf)
    this.#host.whenStopped(target, leaf)
  }

  promise(promise: Promise<unknown>): void {
    this.#pending++
    const one = (): void => this.#one()
    promise.then(one, one)
  }

  /** The one who waits was cancelled itself: `other` waits instead. */
  tell(other: StopWatch): void {
    if (this.#pending === 0) return
    other.#pending++
    this.#told.push(other)
  }

  /** Waits no longer, after as long as it was to: unless others still do. */
  giveUp(reason: CancelledError): void {
    if (this.#told.length > 0) return
    for (const leaf of this.#leaves) this.#host.cancel(leaf, reason)
    this.#leaves.clear()
  }

  /** All that must stop has been named. May call `onStopped` at once. */
  seal(): void {
    this.#one()
  }

  #one(): void {
    if (--this.#pending > 0) return
    this.#onStopped()
    for (const other of this.#told) other.#one()
  }
}
