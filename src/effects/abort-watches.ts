import type { AbortEffect, Key } from '../core/ports/effects.ts'
import { SmallMap } from '../core/small-collections.ts'

export interface AbortReports {
  aborted(key: Key, reason: unknown): void
  absent(key: Key): void
}

/** Abort signals from outside that groups of one run look at, or listen to. */
export class AbortWatches {
  readonly #reports: AbortReports
  readonly #watched = new SmallMap<Key, () => void>()

  constructor(reports: AbortReports) {
    this.#reports = reports
  }

  get size(): number {
    return this.#watched.size
  }

  start({ key, signal, probe }: AbortEffect): void {
    const fire = (): void => {
      if (!this.#watched.delete(key)) return
      if (signal.aborted) this.#reports.aborted(key, signal.reason)
      else this.#reports.absent(key)
    }
    this.#watched.set(key, () => signal.removeEventListener('abort', fire))
    if (probe || signal.aborted) queueMicrotask(fire)
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
