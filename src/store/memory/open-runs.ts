/** Runs that somebody should execute. */
import type { RunRecord } from '../../core/ports/store.ts'
import { changes, type MemoryRun } from './run.ts'

type Runs = readonly (MemoryRun | undefined)[]

export function dueRuns(runs: Runs, owner: string, now: number, limit: number): readonly RunRecord[] {
  return runs
    .flatMap((run) => run?.record ?? [])
    .filter((record) => record.owner === owner && isDue(record, now))
    .toSorted(byWakeAt)
    .slice(0, limit)
}

export function nextDue(runs: Runs, owner: string): number | undefined {
  let next: number | undefined
  for (const { record } of runs.filter((run) => run !== undefined))
    if (record.owner === owner && record.status === 'waiting' && record.wakeAt !== undefined)
      next = Math.min(next ?? record.wakeAt, record.wakeAt)
  return next
}

export function idleRuns(runs: Runs, workflow: string, now: number, limit: number): readonly RunRecord[] {
  const idle = runs
    .flatMap((run) => run?.record ?? [])
    .filter((record) => record.owner === undefined && record.workflow === workflow)
  const due = idle.filter((record) => isDue(record, now)).toSorted(byWakeAt)
  return [...due, ...idle.filter(({ status }) => status === 'pending')].slice(0, limit)
}

export function adoptWaiting(runs: Runs, workflow: string, owner: string): readonly number[] {
  const adopted: number[] = []
  for (const run of runs) {
    if (run === undefined) continue
    const { record } = run
    if (record.owner !== undefined || record.workflow !== workflow || record.status !== 'waiting') continue
    run.record = changes.owned(record, owner)
    adopted.push(record.no)
  }
  return adopted
}

function isDue({ status, wakeAt }: RunRecord, now: number): boolean {
  return status === 'waiting' && wakeAt !== undefined && wakeAt <= now
}

function byWakeAt(a: RunRecord, b: RunRecord): number {
  return (a.wakeAt ?? 0) - (b.wakeAt ?? 0)
}
