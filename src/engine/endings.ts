import type { RunRecord } from '../core/ports/store.ts'

/** One who waits for something to happen to a run. */
export interface Watch {
  /**
   * Resolves when it may have ended, or changed hands: with the record of its end, where that was just written here.
   * Rejects when it can no more be known here.
   */
  readonly changed: Promise<RunRecord | undefined>
  fire(record?: RunRecord): void
  fail(error: unknown): void
  /** Harmless afterwards. */
  cancel(): void
}

/** Who waits for which run to end, by id. */
export class Endings {
  readonly #watches = new Map<string, Set<Watch>>()

  watch(id: string): Watch {
    const { promise, resolve, reject } = Promise.withResolvers<RunRecord | undefined>()
    promise.catch(() => undefined)
    const watch: Watch = {
      changed: promise,
      fire: resolve,
      fail: reject,
      cancel: () => this.#remove(id, watch),
    }
    const others = this.#watches.get(id)
    if (others === undefined) this.#watches.set(id, new Set([watch]))
    else others.add(watch)
    return watch
  }

  /** The run has ended, is blocked, was parked, or goes on elsewhere. @param record of its end, if that is known */
  tell(id: string, record?: RunRecord): void {
    for (const watch of this.#watches.get(id) ?? []) watch.fire(record)
  }

  tellAll(): void {
    for (const watches of this.#watches.values()) for (const watch of watches) watch.fire()
  }

  /** The run can go no further here, because of `error`. */
  fail(id: string, error: unknown): void {
    for (const watch of this.#watches.get(id) ?? []) watch.fail(error)
  }

  failAll(error: unknown): void {
    for (const watches of this.#watches.values()) for (const watch of watches) watch.fail(error)
  }

  #remove(id: string, watch: Watch): void {
    const watches = this.#watches.get(id)
    watches?.delete(watch)
    if (watches?.size === 0) this.#watches.delete(id)
  }
}
