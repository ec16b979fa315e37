import type { Clock } from './ports/clock.ts'

/** Longest delay of `setTimeout`: above it Node fires at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

/** So often a long wait looks at the wall clock again: somebody may have set it. */
const LOOK = 30_000

/** The machine's clocks. Timers keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  schedule(at, fire) {
    let timer: NodeJS.Timeout
    const arm = (): void => {
      // A timer may come a millisecond early by the wall clock, so look again.
      timer = setTimeout(fireWhenDue, Math.min(Math.max(at - Date.now(), 0), LOOK))
    }
    const fireWhenDue = (): void => {
      if (Date.now() >= at) fire()
      else arm()
    }
    arm()
    return () => clearTimeout(timer)
  },
  after(delay, fire) {
    const until = performance.now() + delay
    let timer: NodeJS.Timeout
    const arm = (): void => {
      const left = until - performance.now()
      timer = setTimeout(left > LONGEST_TIMEOUT ? arm : fire, Math.min(Math.max(left, 0), LONGEST_TIMEOUT))
    }
    arm()
    return () => clearTimeout(timer)
  },
  every(interval, fire, background = false) {
    const timer = setInterval(fire, interval)
    if (background) timer.unref()
    return () => clearInterval(timer)
  },
}
