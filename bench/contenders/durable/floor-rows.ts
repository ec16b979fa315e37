import type { DurableContender } from '../../contender.ts'
import { ROW_FLOOR } from '../../scenarios.ts'
import { openFloor } from './support/floor.ts'

export const contender: DurableContender = {
  name: ROW_FLOOR,
  kind: 'floor',
  durability: 'node:sqlite, WAL, synchronous=FULL: a sync per row',
  scenarios: { A: 'comparable', B: 'comparable', C: 'comparable', D: 'comparable' },
  open: async (place) => openFloor(place, 1),
}
