import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'p-queue',
  kind: 'peer',
  package: 'p-queue',
  load: async () => {
    const { default: PQueue } = await import('p-queue')
    return (tasks, task, concurrency) => {
      const queue = new PQueue({ concurrency })
      return Promise.all(indexes(tasks).map((index) => queue.add(() => task(index))))
    }
  },
}
