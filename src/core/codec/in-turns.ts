import { nextTurn } from '../turn.ts'

/** Does the work in slices, and lets timers and I/O have a turn after each. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    await nextTurn()
  }
}
