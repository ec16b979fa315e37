/** The form of a conformance case: one sentence, and a function that fails when it does not hold. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { EnginePlace } from './place.ts'
import { Stage } from './stage.ts'

export interface EngineCase {
  readonly name: string
  /** The place is new, and the caller clears it away. Nothing is waited for by sleeping. */
  run(place: EnginePlace): Promise<void>
}

/** Whatever a case is about, it leaves no rejection that nobody handles (E6). */
export function engineCase(name: string, check: (stage: Stage) => Promise<void>): EngineCase {
  return {
    name,
    async run(place) {
      const strays: unknown[] = []
      const onStray = (reason: unknown): void => void strays.push(reason)
      process.on('unhandledRejection', onStray)
      try {
        await check(new Stage(place))
        for (let turns = 0; turns < 3; turns++) await turn()
      } finally {
        process.off('unhandledRejection', onStray)
      }
      assert.deepEqual(strays, [])
    },
  }
}
