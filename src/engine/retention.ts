import { checkOptions, duration, type Check } from '../core/check.ts'
import { type Duration, milliseconds } from '../core/duration.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { PruneRequest, Store } from '../core/ports/store.ts'

/** How long ended runs are kept after they ended: all of them, or by status; a status without a duration is kept for ever. */
export type Keep =
  | Duration
  | {
      readonly completed?: Duration
      readonly failed?: Duration
      readonly cancelled?: Duration
    }

export const keepCheck: Check = (value, what) => {
  if (typeof value !== 'object' || value === null) return duration(value, what)
  checkOptions(what, value, { completed: duration, failed: duration, cancelled: duration })
}

/** Rows per transaction: a few milliseconds. */
const SLICE = 1000

/** Milliseconds between two looks. */
const INTERVAL = 5 * 60_000

/**
 * Deletes what is older than it need be: when the engine opens its store, and about every five minutes while something
 * happens in it. It has no timer of its own, so it keeps no process alive. Several engines may do so at once.
 */
export class Retention {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  readonly #keep: Keep | undefined
  #next = Number.NEGATIVE_INFINITY
  #sweeping: Promise<void> | undefined
  #ended = false

  constructor(store: Store, clock: Clock, log: Logger, keep: Keep | undefined) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#keep = keep
  }

  /** Sweeps in the background, if it is time. Never throws. */
  look(): void {
    const keep = this.#keep
    if (keep === undefined || this.#ended || this.#sweeping !== undefined) return
    if (this.#clock.steady() < this.#next) return
    this.#next = this.#clock.steady() + INTERVAL
    this.#sweeping = this.prune(keep)
      .then(
        () => undefined,
        (error: unknown) => this.#log.warn('Could not delete old runs; tried again later', { error }),
      )
      .finally(() => (this.#sweeping = undefined))
  }

  /** @returns how many runs were deleted, or would be. */
  async prune(keep: Keep, dryRun = false): Promise<number> {
    const request: PruneRequest = { endedBefore: endedBefore(keep, this.#clock.now()), limit: SLICE, dryRun }
    let deleted = 0
    for (let more = true; more && !this.#ended;) {
      const pruned = await this.#store.prune(request)
      deleted += pruned.runs
      more = pruned.more
    }
    if (deleted > 0 && !dryRun && !this.#ended) await this.#store.maintenance?.vacuum()
    return deleted
  }

  /** Resolves when nothing is deleted any more. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#sweeping
  }
}

function endedBefore(keep: Keep, now: number): PruneRequest['endedBefore'] {
  const { completed, failed, cancelled } =
    typeof keep === 'object' ? keep : { completed: keep, failed: keep, cancelled: keep }
  const since = (one: Duration): number => now - milliseconds(one, 'keep')
  return {
    ...(completed !== undefined && { completed: since(completed) }),
    ...(failed !== undefined && { failed: since(failed) }),
    ...(cancelled !== undefined && { cancelled: since(cancelled) }),
  }
}
