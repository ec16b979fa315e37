import type { DurableContender } from '../../contender.ts'
import { BATCHED_FLOOR } from '../../scenarios.ts'
import { openFloor } from './support/floor.ts'

export const contender: DurableContender = {
  name: BATCHED_FLOOR,
  kind: 'floor',
  durability: 'node:sqlite, WAL, synchronous=FULL: a sync per 100 rows, or per turn of the event loop',
  scenarios: { A: 'comparable', C: 'comparable' },
  open: async (place) => openFloor(place, 100),
}
