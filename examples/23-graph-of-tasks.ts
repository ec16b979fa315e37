// A graph of tasks under a limit. The limit counts the tasks that run, not those that wait for others.
import { type Operation, parallel, step, workflow } from 'ai-workflows'

const bake = workflow({
  name: 'bake',
  execute: async (_ctx, graph: Record<string, readonly string[]>) => {
    const enter = places(2)
    const tasks: Record<string, Operation<unknown>> = {}
    for (const [name, needs] of Object.entries(graph)) {
      const run = async (): Promise<void> => {
        await Promise.all(needs.map((other) => tasks[other] ?? missing(other)))
        await enter(() => step('run', () => console.log(name)))
      }
      tasks[name] = parallel([run], { name }) // an operation: runs once, however many await it
    }
    await parallel(tasks)
  },
})

await bake.run({ bread: ['dough', 'oven'], dough: ['flour', 'water'], oven: [], flour: [], water: [] })

function missing(name: string): never {
  throw new Error(`there is no task ${name}`)
}

/** Calls what it is given when one of `free` places is free, the first come first. */
function places(free: number): <T>(fn: () => PromiseLike<T>) => Promise<T> {
  const queue: (() => void)[] = []
  return async (fn) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      return await fn()
    } finally {
      const next = queue.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
