/** Verbs: runs that somebody should execute. Each looks along an index of open runs alone, however many have ended. */
import type { RunRecord, Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { type RunRow, toRun } from './rows.ts'
import { toText } from './text.ts'

type OpenRunVerbs = Pick<Store, 'dueRuns' | 'nextDue' | 'idleRuns' | 'adoptWaiting'>

export function openRunVerbs({ prepare, read, write }: Access): OpenRunVerbs {
  const due = prepare(`
    SELECT * FROM runs INDEXED BY runs_waiting
    WHERE owner = ? AND status = 'waiting' AND wake_at <= ? ORDER BY wake_at LIMIT ?`)
  const next = prepare(`
    SELECT min(wake_at) AS at FROM runs INDEXED BY runs_waiting WHERE owner = ? AND status = 'waiting'`)
  const pending = prepare(`
    SELECT * FROM runs INDEXED BY runs_pending
    WHERE workflow = ? AND owner IS NULL AND status = 'pending' ORDER BY no LIMIT ?`)
  const waiting = prepare(`
    SELECT * FROM runs INDEXED BY runs_adoptable
    WHERE workflow = ? AND owner IS NULL AND status = 'waiting' AND wake_at <= ? ORDER BY wake_at LIMIT ?`)
  const adopt = prepare(`
    UPDATE runs INDEXED BY runs_adoptable SET owner = ? WHERE workflow = ? AND owner IS NULL AND status = 'waiting'
    RETURNING no`)
  const runs = (rows: unknown[]): RunRecord[] => (rows as RunRow[]).map(toRun)

  return {
    dueRuns: (owner, now, limit) => read(() => runs(due.all(toText(owner), now, limit))),
    nextDue: (owner) => read(() => (next.get(toText(owner)) as { at: number | null }).at ?? undefined),
    idleRuns: (workflow, now, limit) =>
      read(() => {
        const name = toText(workflow)
        const first = runs(waiting.all(name, now, limit))
        return [...first, ...runs(pending.all(name, limit - first.length))]
      }),
    adoptWaiting: (workflow, owner) =>
      write(() => (adopt.all(toText(owner), toText(workflow)) as { no: number }[]).map(({ no }) => no)),
  }
}
