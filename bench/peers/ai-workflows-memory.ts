import { createEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import type { FanOut } from '../fan-out.ts'

/** Inside a workflow on the memory store: encoded, journaled, delivered in order; not on disk. */
export const run: FanOut = async (tasks, task, concurrency) => {
  const engine = createEngine({ store: memoryStore() })
  const fanOut = workflow({
    name: 'fan-out',
    execute: async () =>
      parallel(
        Array.from({ length: tasks }, (_, index) => step(`task-${index}`, () => task(index))),
        { concurrency },
      ),
  })
  const results = await fanOut.run(undefined, { engine })
  await engine.stop()
  return results
}
