import pMap from 'p-map'
import type { FanOut } from '../fan-out.ts'

export const run: FanOut = (tasks, task, concurrency) =>
  pMap(
    Array.from({ length: tasks }, (_, index) => index),
    (index) => task(index),
    { concurrency },
  )
