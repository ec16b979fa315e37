import type { RunStatus } from '../core/ports/store.ts'
import type { PausedBecause } from './changed-code.ts'
import { RUN } from './messages.ts'
import type { Endpoint } from './http.ts'

/** A run as Restate's own tables tell of it. */
export interface RestateRun {
  readonly id: string
  readonly workflow: string
  readonly status: RunStatus
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Restate's id of it: `inv_…`, for its UI and command line. */
  readonly invocation: string
  /** Why it failed, or is blocked, in words. */
  readonly problem: string | undefined
  /** Restate's id of the run that invoked it. */
  readonly parent: string | undefined
}

export interface RestateRunFilter {
  readonly workflow?: string
  readonly id?: string
}

interface Row {
  readonly id: string
  readonly target_service_name: string
  readonly target_service_key: string
  readonly status: string
  readonly created_at: string
  readonly completion_result: string | null
  readonly completion_failure: string | null
  readonly last_failure: string | null
  readonly invoked_by_id: string | null
}

const STATUS: Readonly<Record<string, RunStatus>> = {
  pending: 'pending',
  scheduled: 'pending',
  ready: 'pending',
  running: 'running',
  'backing-off': 'running',
  suspended: 'waiting',
  paused: 'blocked',
}

/** Runs of one workflow, or of all that Restate knows; newest first. */
export async function findRuns(
  admin: Endpoint,
  { workflow, id }: RestateRunFilter,
  limit: number,
): Promise<readonly RestateRun[]> {
  const wanted = [
    `target_handler_name = '${RUN}'`,
    `target_service_ty = 'workflow'`,
    ...(workflow === undefined ? [] : [`target_service_name = ${text(workflow)}`]),
    ...(id === undefined ? [] : [`target_service_key = ${text(id)}`]),
  ]
  const query = `SELECT id, target_service_name, target_service_key, status, created_at, completion_result, completion_failure,
    last_failure, invoked_by_id FROM sys_invocation WHERE ${wanted.join(' AND ')} ORDER BY created_at DESC LIMIT ${limit}`
  const answer = await admin.ask('POST', '/query', { query })
  if (answer.status !== 200) throw admin.refused(answer, 'list runs')
  const { rows } = answer.body as { readonly rows: readonly Row[] }
  return rows.map(toRun)
}

/** Why a paused run is paused. */
export async function pausedBecause(admin: Endpoint, { invocation }: RestateRun): Promise<PausedBecause> {
  const query = `SELECT event_json FROM sys_journal_events WHERE id = ${text(invocation)} AND event_type = 'Paused'
    ORDER BY appended_at DESC LIMIT 1`
  const answer = await admin.ask('POST', '/query', { query })
  if (answer.status !== 200) throw admin.refused(answer, `tell why ${invocation} is paused`)
  const { rows } = answer.body as { readonly rows: readonly [{ readonly event_json: string }?] }
  const event = JSON.parse(rows[0]?.event_json ?? '{}') as { readonly last_failure?: PausedBecause }
  return event.last_failure ?? {}
}

function toRun(row: Row): RestateRun {
  return {
    id: row.target_service_key,
    workflow: row.target_service_name,
    status: statusOf(row),
    createdAt: Date.parse(row.created_at),
    invocation: row.id,
    problem: row.completion_failure ?? row.last_failure ?? undefined,
    parent: row.invoked_by_id ?? undefined,
  }
}

function statusOf({ status, completion_result: result, completion_failure: failure }: Row): RunStatus {
  if (status !== 'completed') return STATUS[status] ?? 'running'
  if (result !== 'failure') return 'completed'
  return failure?.startsWith('[409') === true ? 'cancelled' : 'failed'
}

/** As a literal of SQL. */
function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
