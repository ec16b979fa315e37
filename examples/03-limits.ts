// At most three at once: the next starts the moment one ends.
import { setTimeout as pause } from 'node:timers/promises'
import { parallel, step, workflow } from 'ai-workflows'

let running = 0
let most = 0

async function processItem(id: number): Promise<number> {
  most = Math.max(most, ++running)
  await pause(5)
  running--
  return id * id
}

const squares = workflow({
  name: 'squares',
  execute: async (_ctx, ids: readonly number[]) =>
    await parallel(
      ids.map((id) => step(`process-${id}`, () => processItem(id))),
      { concurrency: 3 },
    ),
})

const results = await squares.run([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
console.log(results.join(' '))
console.log(`never more than ${most} at once`)
