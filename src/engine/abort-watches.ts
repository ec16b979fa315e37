import type { AbortEffect, Key } from '../core/ports/effects.ts'

/** Abort signals from outside that groups of one run listen to. */
export class AbortWatches {
  readonly #report: (key: Key, reason: unknown) => void
  readonly #watched = new Map<Key, () => void>()

  constructor(report: (key: Key, reason: unknown) => void) {
    this.#report = report
  }

  start({ key, signal }: AbortEffect): void {
    const fire = (): void => {
      if (this.#watched.delete(key)) this.#report(key, signal.reason)
    }
    this.#watched.set(key, () => signal.removeEventListener('abort', fire))
    if (signal.aborted) queueMicrotask(fire)
    else signal.addEventListener('abort', fire, { once: true })
  }

  cancel(key: Key): void {
    this.#watched.get(key)?.()
    this.#watched.delete(key)
  }

  cancelAll(): void {
    for (const key of this.#watched.keys()) this.cancel(key)
  }
}
