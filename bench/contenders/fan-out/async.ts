import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'async.mapLimit',
  kind: 'peer',
  package: 'async',
  load: async () => {
    const { mapLimit } = await import('async')
    return (tasks, task, concurrency) =>
      mapLimit(indexes(tasks), concurrency, async (index: number) => task(index))
  },
}
