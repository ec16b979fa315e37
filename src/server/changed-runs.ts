/** Runs that began, or whose status changed: what one client has not been told of them yet. */
import type { ApiChange, ApiRun } from './api.ts'
import type { EventQueue, ServerEvent } from './event-stream.ts'
import { Trouble } from './trouble.ts'
import type { Look, Watch } from './watch.ts'

/** Kept for a client that reads slowly: the last of each run. */
const MOST = 500

export class ChangedRuns implements EventQueue {
  readonly #end: () => void
  readonly #wake: () => void
  readonly #trouble: Trouble
  readonly #pending = new Map<string, ApiRun>()
  #known: ReadonlyMap<string, ApiRun> | undefined
  /** At the beginning too: only what happens after the first look is known. */
  #again = true

  constructor(watch: Watch, wake: () => void) {
    this.#wake = wake
    const trouble = (this.#trouble = new Trouble(wake))
    this.#end = watch.add({
      look: (look) => this.#look(look),
      trouble: (problem) => trouble.happened(problem),
    })
  }

  end(): void {
    this.#end()
  }

  next(): ServerEvent | undefined {
    const trouble = this.#trouble.next()
    if (trouble !== undefined) return trouble
    if (this.#known === undefined) return undefined
    if (this.#again) {
      this.#again = false
      this.#pending.clear()
      return { event: 'list', data: {} }
    }
    if (this.#pending.size === 0) return undefined
    const data: ApiChange = { runs: [...this.#pending.values()] }
    this.#pending.clear()
    return { event: 'changed', data }
  }

  async #look({ recent }: Look): Promise<void> {
    const now = await recent()
    const before = this.#known
    this.#known = now
    if (this.#trouble.isThere) this.#again = true // nobody knows what happened meanwhile
    this.#trouble.over()
    for (const [id, run] of before === undefined ? [] : now) {
      const was = before?.get(id)
      if (was?.status !== run.status || was.endedAt !== run.endedAt) this.#pending.set(id, run)
    }
    if (this.#pending.size > MOST) this.#again = true
    this.#wake()
  }
}
