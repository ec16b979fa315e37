import type { Owner, RunRecord } from '../../core/ports/store.ts'
import { type ShownStatus, shownStatus } from '../../core/shown-status.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import type { Style } from '../terminal.ts'

export interface Summary {
  readonly record: RunRecord
  readonly status: ShownStatus
  /** The live process that executes it. */
  readonly owner: Owner | undefined
}

export async function summaryOf(engine: EmbeddedEngine, record: RunRecord): Promise<Summary> {
  const owner = await engine.executorOf(record)
  return { record, owner, status: shownStatus(record.status, owner) }
}

/** Milliseconds from its creation to its end, or to now. Unknown of one that nobody executes: it stood still. */
export function durationOf({ record, status }: Summary, now: number): number | undefined {
  if (status === 'interrupted') return undefined
  return (record.endedAt ?? now) - record.createdAt
}

/** How often it was retried after it had recorded something; what a fork began with is no attempt of its own. */
export function retries({ earlier, forkedFrom }: RunRecord): number {
  return earlier.length - (forkedFrom === undefined || earlier.length === 0 ? 0 : 1)
}

/** For `--json`. */
export function summaryDocument(summary: Summary, now: number): object {
  const { record, owner, status } = summary
  const { id, workflow, source, parent, forkedFrom, createdAt, endedAt } = record
  return {
    id,
    workflow: workflow ?? null,
    status,
    source: source ?? null,
    parent: parent?.id ?? null,
    forkedFrom: forkedFrom ?? null,
    retries: retries(record),
    createdAt: new Date(createdAt),
    endedAt: endedAt === undefined ? null : new Date(endedAt),
    durationMs: durationOf(summary, now) ?? null,
    executedBy: owner === undefined ? null : { pid: owner.pid, host: owner.host },
  }
}

export const STATUS_STYLES: Readonly<Record<ShownStatus, Style>> = {
  running: 'cyan',
  waiting: 'blue',
  interrupted: 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'gray',
  blocked: 'magenta',
}
