import type { NewRun, RunRecord } from '../../core/ports/store.ts'

/**
 * What a store has of a run that it has just created.
 * @param base where the entries that it begins with end
 * @param owner claims it
 */
export function newRecord(run: NewRun, no: number, base: number, owner: string | undefined): RunRecord {
  const { id, workflow, input, parent, source, seed, createdAt, forkedFrom } = run
  return Object.freeze({
    no,
    id,
    workflow,
    status: owner === undefined ? 'pending' : 'running',
    input,
    output: undefined,
    error: undefined,
    parent: parent && Object.freeze({ id: parent.id, key: parent.key }),
    source,
    seed,
    base,
    earlier: base === 0 ? [] : [0],
    createdAt,
    endedAt: undefined,
    owner,
    epoch: owner === undefined ? 0 : 1,
    wakeAt: undefined,
    dropped: [],
    forkedFrom,
  })
}
