import type { Clock } from './ports/clock.ts'

/** Longest delay of `setTimeout`: above it Node fires at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

/** The machine's clock. Timers keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(at, fire) {
    let timer: NodeJS.Timeout
    const arm = (): void => {
      const delay = at - Date.now()
      // A timer may come a millisecond early by the wall clock, and long ones come in parts: look again.
      timer = setTimeout(
        delay > LONGEST_TIMEOUT ? arm : fireWhenDue,
        Math.min(Math.max(delay, 0), LONGEST_TIMEOUT),
      )
    }
    const fireWhenDue = (): void => {
      if (Date.now() >= at) fire()
      else arm()
    }
    arm()
    return () => clearTimeout(timer)
  },
}
