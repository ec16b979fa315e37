/** What `GET /api/runs/:id/changes` tells: that there is something new to fetch. */
import type { ApiRunChange } from './api.ts'
import type { ServedEngine } from './engine.ts'
import type { EventQueue, ServerEvent } from './event-stream.ts'
import { errorBody, Problem } from './problems.ts'
import { runMaker } from './runs.ts'
import type { Watch } from './watch.ts'

export class ChangedRun implements EventQueue {
  readonly #id: string
  readonly #end: () => void
  readonly #wake: () => void
  #seen: string | undefined
  #change: ApiRunChange | undefined
  #trouble: Problem | undefined
  #told: string | undefined

  constructor(watch: Watch, wake: () => void, id: string) {
    this.#id = id
    this.#wake = wake
    this.#end = watch.add({
      look: (engine) => this.#look(engine),
      trouble: (problem) => this.#tell(problem),
    })
  }

  end(): void {
    this.#end()
  }

  next(): ServerEvent | undefined {
    const trouble = this.#trouble
    this.#trouble = undefined
    if (trouble !== undefined) return { event: 'trouble', data: errorBody(trouble) }
    const change = this.#change
    this.#change = undefined
    return change && { event: 'changed', data: change }
  }

  async #look(engine: ServedEngine): Promise<void> {
    const record = await engine.lookUp(this.#id)
    if (record === undefined) {
      this.#tell(new Problem(404, 'RUN_NOT_FOUND', 'The run has been deleted'))
      return
    }
    const { status } = await runMaker(engine)(record)
    const mark = await engine.mark(record)
    const seen = `${status} ${mark ?? ''}`
    // A store that cannot tell may have something new each time.
    if (seen === this.#seen && mark !== undefined && this.#told === undefined) return
    this.#seen = seen
    this.#told = undefined
    this.#change = { status }
    this.#wake()
  }

  #tell(problem: Problem): void {
    if (this.#told === problem.message) return
    this.#told = problem.message
    this.#trouble = problem
    this.#wake()
  }
}
