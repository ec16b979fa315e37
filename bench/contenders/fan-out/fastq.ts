import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'fastq',
  kind: 'peer',
  package: 'fastq',
  load: async () => {
    const { default: fastq } = await import('fastq')
    return (tasks, task, concurrency) => {
      const queue = fastq.promise(task, concurrency)
      return Promise.all(indexes(tasks).map((index) => queue.push(index)))
    }
  },
}
