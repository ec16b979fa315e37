import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'Effect.forEach (4)',
  kind: 'peer',
  package: 'effect4',
  load: async () => {
    const { Effect } = await import('effect4')
    return (tasks, task, concurrency) =>
      Effect.runPromise(
        Effect.forEach(indexes(tasks), (index) => Effect.promise(() => task(index)), { concurrency }),
      )
  },
}
