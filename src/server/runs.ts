import type { Owner, RunFilter, RunRecord } from '../core/ports/store.ts'
import { shownStatus } from '../core/shown-status.ts'
import type { ApiRun, ApiRuns } from './api.ts'
import type { ServedEngine } from './engine.ts'
import type { Listing } from './parameters.ts'

/** Runs that are looked at for one page, when not all of them fit. */
const LOOKED_AT = 2000

/** Makes the API's runs of records; asks for each owner once. */
export function runMaker(engine: ServedEngine): (record: RunRecord) => Promise<ApiRun> {
  const owners = new Map<string, Promise<Owner | undefined>>()
  const ownerOf = (record: RunRecord): Promise<Owner | undefined> | undefined => {
    if (record.owner === undefined) return undefined
    const asked = owners.get(record.owner) ?? engine.executorOf(record)
    owners.set(record.owner, asked)
    return asked
  }
  return async (record) => toApi(record, await ownerOf(record))
}

function toApi(record: RunRecord, owner: Owner | undefined): ApiRun {
  const { id, workflow, createdAt, endedAt, parent, forkedFrom } = record
  return {
    id,
    ...(workflow !== undefined && { workflow }),
    status: shownStatus(record.status, owner),
    createdAt,
    ...(endedAt !== undefined && { endedAt }),
    ...(parent !== undefined && { parent: parent.id }),
    ...(forkedFrom !== undefined && { forkedFrom }),
    ...(owner !== undefined && { executedBy: { pid: owner.pid, host: owner.host } }),
  }
}

/**
 * One page. What it costs is bounded by `LOOKED_AT`, however many runs there are: where few fit, the page ends early and says where to go on.
 * A run whose whole id is what is searched for comes first, on the first page.
 */
export async function pageOfRuns(engine: ServedEngine, asked: Listing): Promise<ApiRuns> {
  const { filter, limit, search } = asked
  const make = runMaker(engine)
  const runs: ApiRun[] = []
  const exact = await exactly(engine, asked)
  const add = async (record: RunRecord): Promise<void> => {
    const run = await make(record)
    if (asked.shown?.has(run.status) ?? true) runs.push(run)
  }
  if (exact !== undefined && asked.before === undefined) await add(exact)
  const part = search?.toLowerCase()
  let before = asked.before
  for (let looked = 0; looked < LOOKED_AT;) {
    const size = search === undefined && asked.shown === undefined ? limit + 1 : 200
    const page = await engine.list(filter, {
      limit: size,
      brief: true,
      ...(before !== undefined && { before }),
    })
    for (const record of page) {
      if (runs.length >= limit) return { runs, next: before ?? Number.MAX_SAFE_INTEGER }
      before = record.no
      if (record.id === exact?.id || (part !== undefined && !record.id.toLowerCase().includes(part))) continue
      await add(record)
    }
    if (page.length < size) return { runs }
    looked += page.length
  }
  return { runs, next: before ?? Number.MAX_SAFE_INTEGER }
}

async function exactly(engine: ServedEngine, { filter, search }: Listing): Promise<RunRecord | undefined> {
  if (search === undefined || search.length > 512 || !search.isWellFormed()) return undefined
  const record = await engine.lookUp(search)
  return record !== undefined && fits(record, filter) ? record : undefined
}

function fits(record: RunRecord, { status, workflow, parent }: RunFilter): boolean {
  return (
    (status?.includes(record.status) ?? true) &&
    (workflow === undefined || record.workflow === workflow) &&
    (parent === undefined || (record.parent?.id ?? null) === parent)
  )
}
