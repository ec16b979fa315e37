import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'Effect.forEach (3)',
  kind: 'peer',
  package: 'effect',
  load: async () => {
    const { Effect } = await import('effect')
    return (tasks, task, concurrency) =>
      Effect.runPromise(
        Effect.forEach(indexes(tasks), (index) => Effect.promise(() => task(index)), { concurrency }),
      )
  },
}
