import { parallel, step } from 'ai-workflows'
import type { FanOut } from '../fan-out.ts'

/** Outside of a workflow: nothing is recorded. */
export const run: FanOut = (tasks, task, concurrency) =>
  parallel(
    Array.from({ length: tasks }, (_, index) => step('task', () => task(index))),
    { concurrency },
  )
