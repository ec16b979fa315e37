import { parallel } from 'ai-workflows'
import type { FanOut } from '../fan-out.ts'

/** Outside of a workflow, with function branches instead of steps. */
export const run: FanOut = (tasks, task, concurrency) =>
  parallel(
    Array.from({ length: tasks }, (_, index) => () => task(index)),
    { concurrency },
  )
