import type { FanOutContender } from '../../contender.ts'

export const contender: FanOutContender = {
  name: 'ai-workflows parallel, iterable',
  kind: 'ours',
  package: 'ai-workflows',
  load: async () => {
    const { parallel } = await import('ai-workflows')
    return (tasks, task, concurrency) => {
      const branches = function* (): Generator<() => Promise<number>> {
        for (let index = 0; index < tasks; index++) yield () => task(index)
      }
      return parallel(branches(), { concurrency })
    }
  },
}
