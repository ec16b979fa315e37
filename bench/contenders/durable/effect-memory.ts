import type { DurableContender } from '../../contender.ts'

export const contender: DurableContender = {
  name: 'Effect workflow, in memory',
  kind: 'peer',
  package: '@effect/workflow',
  durability: 'none: WorkflowEngine.layerMemory',
  scenarios: { F: 'comparable' },
  // A hundred thousand take more than a minute.
  reduced: { F: 10_000 },
  open: async (place) => {
    const { WorkflowEngine } = await import('@effect/workflow')
    const { openEffect } = await import('./support/effect.ts')
    return openEffect(place, WorkflowEngine.layerMemory)
  },
}
