import type { Graph, Task } from './graph.ts'

/** Does a task, given the results of those that it needs, and resolves to its own. */
export type Perform = (task: Task, inputs: readonly number[]) => Promise<number>

/**
 * Tasks that only wait, under the eyes of somebody who notices what no schedule may do. A task's
 * result is how many tasks the longest chain that ends with it has.
 */
export class Watched {
  readonly #graph: Graph
  readonly #limit: number
  readonly #wait: (ms: number) => Promise<void>
  readonly #started = new Set<string>()
  readonly #done = new Map<string, number>()
  readonly #problems: string[] = []
  #running = 0
  #most = 0

  constructor(graph: Graph, limit: number, wait: (ms: number) => Promise<void>) {
    this.#graph = graph
    this.#limit = limit
    this.#wait = wait
  }

  /** Most tasks that ran at once. */
  get most(): number {
    return this.#most
  }

  readonly perform: Perform = async ({ id, ms, needs }, inputs) => {
    if (this.#started.has(id)) this.#problems.push(`${id} started twice`)
    this.#started.add(id)
    for (const [index, need] of needs.entries()) {
      const result = this.#done.get(need)
      if (result === undefined) this.#problems.push(`${id} started before ${need} was done`)
      else if (result !== inputs[index])
        this.#problems.push(`${id} was given ${inputs[index]} as the result of ${need}, not ${result}`)
    }
    this.#running++
    this.#most = Math.max(this.#most, this.#running)
    await this.#wait(ms)
    this.#running--
    const result = 1 + Math.max(0, ...inputs)
    this.#done.set(id, result)
    return result
  }

  /** @throws {Error} a task did not run once, after those that it needs, on their results, with at most `limit` others */
  check(): void {
    const problems = [...this.#problems]
    if (this.#most > this.#limit) problems.push(`${this.#most} tasks ran at once, where ${this.#limit} may`)
    for (const { id } of this.#graph.tasks) if (!this.#done.has(id)) problems.push(`${id} was not done`)
    if (problems.length > 0) throw new Error(`${this.#graph.name}: ${problems.slice(0, 5).join('; ')}`)
  }
}
