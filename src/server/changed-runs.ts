/** What `GET /api/changes` tells: runs that began, or whose status changed. */
import type { RunRecord } from '../core/ports/store.ts'
import type { ApiChange, ApiRun } from './api.ts'
import type { ServedEngine } from './engine.ts'
import type { EventQueue, ServerEvent } from './event-stream.ts'
import { runMaker } from './runs.ts'
import { Trouble } from './trouble.ts'
import type { Watch } from './watch.ts'

/** Looked at each time: the newest runs, and of those that have not ended. */
const NEWEST = 100
const UNENDED = 400
/** Kept for a client that reads slowly. */
const MOST = 500

/** What one client has not been told yet: the last of each run. */
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

  async #look(engine: ServedEngine): Promise<void> {
    const now = await this.#runs(engine)
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

  /** The newest, those that have not ended, and what has become of those that had not. */
  async #runs(engine: ServedEngine): Promise<Map<string, ApiRun>> {
    const make = runMaker(engine)
    const open = { status: ['pending', 'running', 'waiting'] } as const
    const found = new Map<string, RunRecord>()
    for (const record of await engine.list({}, { limit: NEWEST, brief: true })) found.set(record.id, record)
    for (const record of await engine.list(open, { limit: UNENDED, brief: true }))
      found.set(record.id, record)
    for (const { id, endedAt } of this.#known?.values() ?? []) {
      if (found.has(id) || endedAt !== undefined) continue
      const record = await engine.lookUp(id)
      if (record !== undefined) found.set(id, record)
    }
    const runs = new Map<string, ApiRun>()
    for (const record of found.values()) runs.set(record.id, await make(record))
    return runs
  }
}
