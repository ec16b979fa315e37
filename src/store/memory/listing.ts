/** Runs by what is asked of them, newest first. */
import type { Page, RunFilter, RunRecord } from '../../core/ports/store.ts'
import type { MemoryRun } from './run.ts'

/** @param runs in order of `no`, which counts from 1. */
export function listRuns(
  runs: readonly (MemoryRun | undefined)[],
  filter: RunFilter,
  page: Page,
): readonly RunRecord[] {
  const found: RunRecord[] = []
  const newest = Math.min(runs.length, (page.before ?? Infinity) - 1)
  for (let no = newest; no >= 1 && found.length < page.limit; no--) {
    const record = runs[no - 1]?.record
    if (record !== undefined && matches(record, filter)) found.push(record)
  }
  return found
}

function matches(run: RunRecord, { status, workflow, parent }: RunFilter): boolean {
  return (
    (status === undefined || status.includes(run.status)) &&
    (workflow === undefined || run.workflow === workflow) &&
    (parent === undefined || (run.parent?.id ?? null) === parent)
  )
}
