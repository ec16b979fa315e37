import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'ai-workflows parallel, functions',
  kind: 'ours',
  package: 'ai-workflows',
  load: async () => {
    const { parallel } = await import('ai-workflows')
    return (tasks, task, concurrency) =>
      parallel(
        indexes(tasks).map((index) => () => task(index)),
        { concurrency },
      )
  },
}
