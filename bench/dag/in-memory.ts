import type { Graph, Task } from './graph.ts'
import type { Perform } from './watched.ts'

/**
 * What one would write by hand for one process and no crash: a task starts as soon as those that it needs are done and
 * one of `limit` places is free, the one that was ready first before the others.
 */
export function inMemory({ tasks }: Graph, limit: number, perform: Perform): Promise<void> {
  const missing = new Map(tasks.map(({ id, needs }) => [id, needs.length]))
  const dependents = new Map<string, Task[]>(tasks.map(({ id }) => [id, []]))
  for (const task of tasks) for (const need of task.needs) dependents.get(need)?.push(task)
  const results = new Map<string, number>()
  const ready = tasks.filter(({ needs }) => needs.length === 0)
  let next = 0
  let running = 0
  return new Promise((resolve, reject) => {
    const begin = async (task: Task): Promise<void> => {
      running++
      results.set(
        task.id,
        await perform(
          task,
          task.needs.map((need) => results.get(need) ?? Number.NaN),
        ),
      )
      running--
      for (const dependent of dependents.get(task.id) ?? []) {
        const left = (missing.get(dependent.id) ?? 0) - 1
        missing.set(dependent.id, left)
        if (left === 0) ready.push(dependent)
      }
      if (results.size === tasks.length) resolve()
      else pump()
    }
    const pump = (): void => {
      const free = limit - running
      for (const task of ready.slice(next, next + free)) {
        next++
        begin(task).catch(reject)
      }
    }
    pump()
  })
}
