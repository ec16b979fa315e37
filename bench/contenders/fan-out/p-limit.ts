import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'p-limit',
  kind: 'peer',
  package: 'p-limit',
  load: async () => {
    const { default: pLimit } = await import('p-limit')
    return (tasks, task, concurrency) => {
      const limit = pLimit(concurrency)
      return Promise.all(indexes(tasks).map((index) => limit(task, index)))
    }
  },
}
