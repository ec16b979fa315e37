/** The runs whose changes are told, read once for all who watch. */
import type { RunRecord } from '../core/ports/store.ts'
import type { ApiRun } from './api.ts'
import type { ServedEngine } from './engine.ts'
import { runMaker } from './runs.ts'

/** Read each time: the newest runs, and of those that have not ended. */
const NEWEST = 100
const OPEN = 400

export class RecentRuns {
  #open: readonly string[] = []

  /** Also what has become of those that had not ended the last time: so the next look costs no more, however many runs there are. */
  async look(engine: ServedEngine): Promise<ReadonlyMap<string, ApiRun>> {
    const open = { status: ['pending', 'running', 'waiting'] } as const
    const found = new Map<string, RunRecord>()
    for (const record of await engine.list({}, { limit: NEWEST, brief: true })) found.set(record.id, record)
    for (const record of await engine.list(open, { limit: OPEN, brief: true })) found.set(record.id, record)
    const before = this.#open.filter((id) => !found.has(id))
    this.#open = [...found.values()].filter(({ endedAt }) => endedAt === undefined).map(({ id }) => id)
    for (const id of before) {
      const record = await engine.lookUp(id)
      if (record !== undefined) found.set(id, record)
    }
    const make = runMaker(engine)
    const runs = new Map<string, ApiRun>()
    for (const record of found.values()) runs.set(record.id, await make(record))
    return runs
  }
}
