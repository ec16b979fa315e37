/**
 * Verb: list runs, newest first. One arm per status, each read backwards along an index until the page is full, and
 * merged: what a page costs does not depend on how many runs there are.
 */
import type { StatementSync } from 'node:sqlite'
import type { Page, RunFilter, RunStatus, Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { type RunRow, toRun } from './rows.ts'
import { toText } from './text.ts'

const EVERY_STATUS: readonly RunStatus[] = [
  'pending',
  'running',
  'waiting',
  'completed',
  'failed',
  'cancelled',
  'blocked',
]

/** All but the payloads, which may be large. */
const BRIEF = `no, id, workflow, status, '' AS input, NULL AS output, NULL AS error, parent, parent_key, source, seed, base, earlier,
  created_at, ended_at, owner, epoch, wake_at, dropped, forked_from`

export function listVerbs({ prepare, read }: Access): Pick<Store, 'listRuns'> {
  const statements = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    const kept = statements.get(sql) ?? prepare(sql)
    statements.set(sql, kept)
    return kept
  }
  return {
    listRuns: async (filter, page) => {
      const query = listQuery(filter, page)
      if (query === undefined) return []
      return read(() => (statement(query.sql).all(query.values) as unknown as RunRow[]).map(toRun))
    },
  }
}

/** @returns undefined when no run can match. Of its texts there are few, whatever the values. */
export function listQuery(
  filter: RunFilter,
  page: Page,
): { readonly sql: string; readonly values: Record<string, string | number> } | undefined {
  const values: Record<string, string | number> = {
    before: page.before ?? Number.MAX_SAFE_INTEGER,
    limit: Math.max(0, page.limit),
  }
  if (filter.workflow !== undefined) values['workflow'] = toText(filter.workflow)
  if (typeof filter.parent === 'string') values['parent'] = toText(filter.parent)
  const arms = armsOf(filter)
  if (arms.length === 0) return undefined
  const columns = page.brief === true ? BRIEF : '*'
  const sql = arms
    .map(
      (status) =>
        `SELECT ${columns} FROM runs${indexFor(filter, status)} WHERE ${conditions(filter, status)}`,
    )
    .join('\nUNION ALL\n')
  return { sql: `${sql}\nORDER BY no DESC LIMIT :limit`, values }
}

/** Each index is in the order of creation only within one status; the table itself is so altogether. */
function armsOf({ status, workflow, parent }: RunFilter): readonly (RunStatus | undefined)[] {
  if (status !== undefined) return EVERY_STATUS.filter((each) => status.includes(each))
  return workflow === undefined && parent === undefined ? [undefined] : EVERY_STATUS
}

/** Named, because the planner does not know that a run has few children and that most runs have no parent. */
function indexFor({ workflow, parent }: RunFilter, status: RunStatus | undefined): string {
  if (typeof parent === 'string') return ' INDEXED BY runs_by_parent'
  if (workflow !== undefined) return ' INDEXED BY runs_by_workflow'
  if (parent === null) return ' INDEXED BY runs_by_parent'
  return status === undefined ? '' : ' INDEXED BY runs_by_status'
}

function conditions({ workflow, parent }: RunFilter, status: RunStatus | undefined): string {
  const all = ['no < :before']
  if (status !== undefined) all.push(`status = '${status}'`)
  if (workflow !== undefined) all.push('workflow = :workflow')
  if (parent !== undefined) all.push(parent === null ? 'parent IS NULL' : 'parent = :parent')
  return all.join(' AND ')
}
