/** Graphs of tasks: what a recorded one looks like, what it is checked for, and how fast it could be at best. */
import { z } from 'zod'

export interface Task {
  readonly id: string
  /** How long it takes, in milliseconds. */
  readonly ms: number
  /** The tasks that must be done before it may start. */
  readonly needs: readonly string[]
}

/** Every task comes after those that it needs. */
export interface Graph {
  readonly name: string
  readonly tasks: readonly Task[]
}

/** As it was recorded: in seconds, in any order. */
export interface Recording {
  readonly name: string
  readonly tasks: readonly {
    readonly id: string
    readonly seconds: number
    readonly needs: readonly string[]
  }[]
}

const seconds = z.number().nonnegative()

/** A recording as short as it can be written. */
const short = z.object({
  name: z.string(),
  tasks: z.array(z.object({ id: z.string(), seconds, needs: z.array(z.string()) })).min(1),
})

/** The files of WfInstances (WfFormat): what is to be done, and how long it took, apart. */
const wfFormat = z
  .object({
    name: z.string(),
    workflow: z.object({
      specification: z.object({ tasks: z.array(z.object({ id: z.string(), parents: z.array(z.string()) })) }),
      execution: z.object({ tasks: z.array(z.object({ id: z.string(), runtimeInSeconds: seconds })) }),
    }),
  })
  .transform(({ name, workflow: { specification, execution } }, context): Recording => {
    const took = new Map(execution.tasks.map(({ id, runtimeInSeconds }) => [id, runtimeInSeconds]))
    const tasks = specification.tasks.map(({ id, parents }) => {
      const seconds = took.get(id)
      if (seconds === undefined) context.addIssue(`how long task ${id} took is not recorded`)
      return { id, seconds: seconds ?? 0, needs: parents }
    })
    return { name, tasks }
  })

/** @throws {z.ZodError} neither of the two formats */
export function parseRecording(json: string): Recording {
  const value: unknown = JSON.parse(json)
  return typeof value === 'object' && value !== null && 'workflow' in value
    ? wfFormat.parse(value)
    : short.parse(value)
}

/**
 * Scales the recorded times so that the median task lasts `median` milliseconds.
 * @throws {Error} a task that is there twice, that needs one which is not there, or, in the end, itself
 */
export function graphOf(recording: Recording, median: number): Graph {
  const sorted = recording.tasks.map(({ seconds }) => seconds).toSorted((a, b) => a - b)
  const scale = median / (sorted[sorted.length >> 1] ?? Number.NaN)
  const tasks = recording.tasks.map(({ id, seconds, needs }) => ({
    id,
    ms: seconds * scale,
    needs,
  }))
  return { name: recording.name, tasks: inOrder(tasks) }
}

/** Those that are needed first, otherwise as they come. */
export function inOrder(tasks: readonly Task[]): readonly Task[] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  if (byId.size !== tasks.length) throw new Error('two tasks have the same id')
  const ordered: Task[] = []
  const state = new Map<string, 'open' | 'done'>()
  const visit = (id: string, from: string): void => {
    const task = byId.get(id)
    if (task === undefined) throw new Error(`task ${from} needs ${id}, which is not there`)
    if (state.get(id) === 'done') return
    if (state.get(id) === 'open') throw new Error(`task ${id} needs itself, by way of ${from}`)
    state.set(id, 'open')
    for (const need of task.needs) visit(need, id)
    state.set(id, 'done')
    ordered.push(task)
  }
  for (const { id } of tasks) visit(id, id)
  return ordered
}

export interface Shape {
  /** Milliseconds of the longest chain. */
  readonly criticalPath: number
  /** Milliseconds of all tasks one after another. */
  readonly work: number
  /** Tasks of the chain with the most. */
  readonly depth: number
}

export function shapeOf({ tasks }: Graph): Shape {
  const ends = new Map<string, { readonly at: number; readonly depth: number }>()
  for (const { id, ms, needs } of tasks) {
    const before = needs.map((need) => ends.get(need) ?? { at: Number.NaN, depth: Number.NaN })
    ends.set(id, {
      at: ms + Math.max(0, ...before.map(({ at }) => at)),
      depth: 1 + Math.max(0, ...before.map(({ depth }) => depth)),
    })
  }
  const all = [...ends.values()]
  return {
    criticalPath: Math.max(...all.map(({ at }) => at)),
    work: tasks.reduce((sum, { ms }) => sum + ms, 0),
    depth: Math.max(...all.map(({ depth }) => depth)),
  }
}

/** No schedule is shorter: the longest chain, or all the work spread over `limit` places. In milliseconds. */
export function lowerBound({ criticalPath, work }: Shape, limit: number): number {
  return Math.max(criticalPath, work / limit)
}
