/**
 * The same graph as a workflow, written in four ways. In each, a task is a step, and gets the results of those that it
 * needs by awaiting them.
 */
import { type Operation, parallel, step, workflow } from 'ai-workflows'
import type { Graph, Task } from './graph.ts'
import { places } from './places.ts'
import type { Perform } from './watched.ts'

/** What the code of a run needs and its input does not hold, by the name of the input. */
export interface Order {
  readonly graph: Graph
  readonly limit: number
  readonly perform: Perform
}

type Execute = (order: Order) => Promise<unknown>
type Enter = ReturnType<typeof places>

/**
 * Shared operations (M2), and a limit on steps. A task is a group of one function branch, which is what makes an operation
 * of a function: it starts when the first awaits it, and all share its outcome.
 */
const operations: Execute = async ({ graph, limit, perform }) => {
  const enter = places(limit)
  const tasks = new Map<string, Operation<[number]>>()
  for (const task of graph.tasks) {
    const needed = needs(task, tasks)
    const run = async (): Promise<number> => {
      const inputs = (await Promise.all(needed)).flat()
      return await enter(() => step('run', () => perform(task, inputs)))
    }
    tasks.set(task.id, parallel([run], { name: task.id }))
  }
  await parallel([...tasks.values()])
}

/** Async functions that await one another (M4), under a limit. @param run a task whose inputs are there */
const awaiting =
  (run: (enter: Enter, task: Task, perform: () => Promise<number>) => PromiseLike<number>): Execute =>
  async ({ graph, limit, perform }) => {
    const enter = places(limit)
    const tasks = new Map<string, Promise<number>>()
    for (const task of graph.tasks) {
      const needed = needs(task, tasks)
      const whole = async (): Promise<number> => {
        const inputs = await Promise.all(needed)
        return await run(enter, task, () => perform(task, inputs))
      }
      tasks.set(task.id, whole())
    }
    await Promise.all(tasks.values())
  }

/** The limit is on steps. */
const promises = awaiting((enter, { id }, perform) => enter(() => step(id, perform)))

/**
 * The place is taken inside of the step: it is free again when the function has returned, and the next task runs while the
 * result is being synced.
 */
const inside = awaiting((enter, { id }, perform) => step(id, () => enter(perform)))

/**
 * `concurrency` of the group, which counts branches: one that waits for another has a place. As every task comes after
 * those that it needs, the first that is not done never waits, and there is no deadlock; but places are wasted.
 */
const branches: Execute = async ({ graph, limit, perform }) => {
  const tasks = new Map<string, Operation<[number]>>()
  for (const task of graph.tasks) {
    const needed = needs(task, tasks)
    const run = async (): Promise<number> => {
      const inputs = (await Promise.all(needed)).flat()
      return await step('run', () => perform(task, inputs))
    }
    tasks.set(task.id, parallel([run], { name: task.id }))
  }
  await parallel([...tasks.values()], limit === Number.POSITIVE_INFINITY ? {} : { concurrency: limit })
}

function needs<T>(task: Task, made: ReadonlyMap<string, T>): readonly T[] {
  return task.needs.map((id) => {
    const needed = made.get(id)
    if (needed === undefined) throw new Error(`${task.id} comes before ${id}, which it needs`)
    return needed
  })
}

export const styles = { operations, promises, inside, branches }
export type Style = keyof typeof styles

/** @returns a workflow whose input is the style alone: neither graphs nor functions are part of the run */
export function workflowOf(order: Order, style: Style) {
  return workflow({
    name: `graph-${style}`,
    execute: async () => {
      await styles[style](order)
    },
  })
}
