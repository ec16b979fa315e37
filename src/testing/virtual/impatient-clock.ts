import type { Clock } from '../../core/ports/clock.ts'

/**
 * For a run loop over code that awaits nothing but operations: an operation that does not exist when the microtasks are
 * drained never will, so the loop's patience ends with the current turn of the event loop.
 */
export const impatientClock: Clock = {
  now: () => 0,
  steady: () => 0,
  schedule: (_at, fire) => soon(fire),
  after: (_delay, fire) => soon(fire),
  every: () => () => undefined,
}

function soon(fire: () => void): () => void {
  const timer = setImmediate(fire)
  return () => clearImmediate(timer)
}
