import type { FanOutContender } from '../../contender.ts'
import { pooled } from '../../contender.ts'
import { POOL_FLOOR } from '../../scenarios.ts'

export const contender: FanOutContender = {
  name: POOL_FLOOR,
  kind: 'floor',
  load: async () => {
    return pooled
  },
}
