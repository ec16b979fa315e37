import type { Clock } from '../core/ports/clock.ts'

/** Waits for `work`, for `grace` milliseconds at most. */
export async function within(clock: Clock, grace: number, work: Promise<unknown>): Promise<void> {
  if (grace === 0) return // not even a turn of a clock that may stand still
  let stopTimer: () => void = () => undefined
  const late = new Promise<void>((resolve) => {
    stopTimer = clock.after(grace, () => resolve())
  })
  await Promise.race([work, late])
  stopTimer()
}
