import type { DurableContender } from '../../contender.ts'
import { openOurs } from './support/ours.ts'

export const contender: DurableContender = {
  name: 'ai-workflows, memory store',
  kind: 'ours',
  package: 'ai-workflows',
  durability: 'none: in memory',
  scenarios: { F: 'comparable' },
  open: async (place) => {
    const { createEngine, memoryStore } = await import('ai-workflows')
    return openOurs(place, createEngine({ store: memoryStore() }))
  },
}
