/**
 * Waiting for a lock that another connection holds. SQLite's own `busy_timeout` sleeps inside the call: measured,
 * it blocked the event loop for 2 s and let one process starve another (1 commit against 5,825). So SQLite never
 * waits here; this file tries again after short, jittered delays.
 */
import type { Clock } from '../../core/ports/clock.ts'
import type { Random } from '../../core/ports/random.ts'
import { isBusy } from './errors.ts'

export interface Patience {
  readonly clock: Clock
  readonly random: Random
  /** Milliseconds that one call waits in all. */
  readonly limit: number
}

const FIRST_DELAY = 1
const LONGEST_DELAY = 25

/**
 * Calls `work`, at once and synchronously, and again while it throws that the database is locked.
 * @param since when the waiting began, by steady time: `work` is called at least once, however long ago that is.
 */
export async function whenFree<T>(
  work: () => T,
  since: number,
  { clock, random, limit }: Patience,
): Promise<T> {
  for (let delay = FIRST_DELAY; ; delay = Math.min(delay * 2, LONGEST_DELAY)) {
    try {
      return work()
    } catch (error) {
      const left = since + limit - clock.steady()
      if (!isBusy(error) || left <= 0) throw error
      await pause(clock, Math.min(left, delay * (0.5 + fraction(random))))
    }
  }
}

/** Calls `attempt` until it says true. @returns whether it did in time */
export async function whenTrue(attempt: () => boolean, patience: Patience): Promise<boolean> {
  const { clock, limit } = patience
  const until = clock.steady() + limit
  for (let delay = FIRST_DELAY; !attempt(); delay = Math.min(delay * 2, LONGEST_DELAY)) {
    if (clock.steady() >= until) return false
    await pause(clock, delay)
  }
  return true
}

/** At least 0, less than 1. */
function fraction(random: Random): number {
  return Number.parseInt(random.uuid().slice(0, 8), 16) / 2 ** 32
}

function pause(clock: Clock, delay: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delay, resolve))
}
