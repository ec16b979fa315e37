import type { DurableContender } from '../../contender.ts'
import { openOurs } from './support/ours.ts'

export const contender: DurableContender = {
  name: 'ai-workflows',
  kind: 'ours',
  package: 'ai-workflows',
  durability: 'defaults: SQLite file, a sync before every acknowledgement',
  scenarios: { A: 'comparable', B: 'comparable', C: 'comparable', D: 'comparable' },
  open: async (place) => {
    const { createEngine } = await import('ai-workflows')
    return openOurs(place, createEngine({ dir: place.directory }))
  },
}
