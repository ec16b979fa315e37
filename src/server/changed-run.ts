/** What `GET /api/runs/:id/changes` tells: that there is something new to fetch. */
import type { ApiRunChange } from './api.ts'
import type { ServedEngine } from './engine.ts'
import type { EventQueue, ServerEvent } from './event-stream.ts'
import { Problem } from './problems.ts'
import { runMaker } from './runs.ts'
import { Trouble } from './trouble.ts'
import type { Watch } from './watch.ts'

export class ChangedRun implements EventQueue {
  readonly #id: string
  readonly #end: () => void
  readonly #wake: () => void
  readonly #trouble: Trouble
  #seen: string | undefined
  #change: ApiRunChange | undefined

  constructor(watch: Watch, wake: () => void, id: string) {
    this.#id = id
    this.#wake = wake
    const trouble = (this.#trouble = new Trouble(wake))
    this.#end = watch.add({
      look: (engine) => this.#look(engine),
      trouble: (problem) => trouble.happened(problem),
    })
  }

  end(): void {
    this.#end()
  }

  next(): ServerEvent | undefined {
    const trouble = this.#trouble.next()
    if (trouble !== undefined) return trouble
    const change = this.#change
    this.#change = undefined
    return change && { event: 'changed', data: change }
  }

  async #look(engine: ServedEngine): Promise<void> {
    const record = await engine.lookUp(this.#id)
    if (record === undefined) {
      this.#trouble.happened(new Problem(404, 'RUN_NOT_FOUND', 'The run has been deleted'))
      return
    }
    const { status } = await runMaker(engine)(record)
    const mark = await engine.mark(record)
    const seen = `${status} ${mark ?? ''}`
    // A store that cannot tell may have something new each time.
    if (seen === this.#seen && mark !== undefined && !this.#trouble.isThere) return
    this.#seen = seen
    this.#trouble.over()
    this.#change = { status }
    this.#wake()
  }
}
