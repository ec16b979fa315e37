import type { FanOutContender } from '../../contender.ts'
import { indexes } from './support.ts'

export const contender: FanOutContender = {
  name: 'p-map',
  kind: 'peer',
  package: 'p-map',
  load: async () => {
    const { default: pMap } = await import('p-map')
    return (tasks, task, concurrency) => pMap(indexes(tasks), (index) => task(index), { concurrency })
  },
}
