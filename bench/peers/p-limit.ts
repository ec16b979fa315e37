import pLimit from 'p-limit'
import type { FanOut } from '../fan-out.ts'

export const run: FanOut = (tasks, task, concurrency) => {
  const limit = pLimit(concurrency)
  return Promise.all(Array.from({ length: tasks }, (_, index) => limit(() => task(index))))
}
