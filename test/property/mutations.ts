/** Broken runtimes, to see that the properties can fail: each relaxes one rule and is right otherwise. */
import type { Effects } from '../../src/core/ports/effects.ts'
import type { RunOutcome } from '../../src/core/ending.ts'
import type { Run } from '../../src/core/run.ts'
import { settled } from '../../src/core/run-loop.ts'
import { type Parts, realParts } from './simulate.ts'

/** D2: microtasks are drained after every `count`th delivery. With 1 it is right, which shows that the rest of the copy is. */
export const drainingEvery = (count: number): Parts => ({
  ...realParts,
  async loop(run: Run, effects: Effects): Promise<RunOutcome> {
    let delivered = 0
    await settled(run)
    while (run.outcome === undefined || run.replaying) {
      for (const completion of await effects.next()) {
        if (run.outcome === undefined) run.deliver(completion)
        else run.skip()
        if (++delivered % count === 0) await settled(run)
        else run.catchUp()
      }
      await settled(run)
    }
    return run.outcome
  },
})

/** D4 relaxed: the runtime takes everything for live, so what is not recorded yet starts during the replay. */
export const startsDuringReplay: Parts = {
  ...realParts,
  effects: (effects) => ({
    recorded: 0,
    start: (effect) => effects.start(effect),
    cancel: (key, reason) => effects.cancel(key, reason),
    groupBegan: () => undefined,
    groupEnded: () => undefined,
    next: () => effects.next(),
    close: () => effects.close(),
  }),
}

/** D2 relaxed on replay only: recorded completions are handed over at once, as a naive replay would. */
export const replaysAtOnce: Parts = {
  ...realParts,
  async loop(run: Run, effects: Effects): Promise<RunOutcome> {
    await settled(run)
    while (run.outcome === undefined || run.replaying) {
      for (const completion of await effects.next()) {
        if (run.outcome === undefined) run.deliver(completion)
        else run.skip()
        if (run.replaying) run.catchUp()
        else await settled(run)
      }
    }
    return run.outcome
  },
}
