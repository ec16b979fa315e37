import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'promise-pool',
  kind: 'peer',
  package: '@supercharge/promise-pool',
  load: async () => {
    const { PromisePool } = await import('@supercharge/promise-pool')
    return async (tasks, task, concurrency) => {
      const pool = PromisePool.withConcurrency(concurrency).for(indexes(tasks)).useCorrespondingResults()
      const { results } = await pool.process((index) => task(index))
      return results as number[]
    }
  },
}
