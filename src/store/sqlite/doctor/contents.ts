/** What belongs to nothing, who is silent, and what takes space. */
import type { DatabaseSync } from 'node:sqlite'
import { quote } from '../../../core/errors.ts'
import type { Severity } from '../../../core/ports/maintenance.ts'
import { LOG_LIMIT } from '../connection.ts'
import { logSize } from '../log-file.ts'
import { fromText } from '../text.ts'
import type { Findings } from './findings.ts'

/** Milliseconds: an owner says that it is there every few seconds. */
const SILENCE = 60_000

const MEGABYTE = 1024 * 1024

/** Each query gives at most one row, with a number and, where it helps, an example. */
interface Question {
  readonly sql: string
  readonly severity: Severity
  readonly tell: (count: number, example: string) => string
  readonly advice: string
}

const QUESTIONS: readonly Question[] = [
  {
    sql: `SELECT count(*) AS count, min(id) AS example FROM runs AS child
      WHERE parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM runs WHERE id = child.parent)`,
    severity: 'problem',
    tell: (count, example) => `${runs(count)} whose parent is not there, such as ${example}`,
    advice: 'Nobody waits for it any more. Cancel it if it has not ended; retention does not delete it',
  },
  {
    sql: `SELECT count(DISTINCT run) AS count FROM journal
      WHERE run NOT IN (SELECT no FROM runs) AND run NOT IN (SELECT run FROM pruned)`,
    severity: 'damage',
    tell: (count) => `${count} journals belong to runs that are not there`,
    advice: 'Restore a backup if runs are missing',
  },
  {
    sql: `SELECT count(DISTINCT run) AS count FROM pieces
      WHERE run NOT IN (SELECT no FROM runs) AND run NOT IN (SELECT run FROM pruned)`,
    severity: 'note',
    tell: (count) => `${count} runs that are not there have left pieces of large payloads behind`,
    advice: 'They do no harm, and take space',
  },
  {
    sql: `SELECT count(*) AS count, min(runs.id) AS example FROM runs
      WHERE status <> 'running' AND EXISTS (SELECT 1 FROM pieces WHERE pieces.run = runs.no
        AND seq > (SELECT coalesce(max(seq), 0) FROM journal WHERE journal.run = runs.no))`,
    severity: 'note',
    tell: (count, example) =>
      `${runs(count)} whose process died while it wrote a large payload, such as ${example}`,
    advice: 'Nothing needs to be done: what was written of it goes when the run goes on, or is pruned',
  },
  {
    sql: `SELECT count(*) AS count FROM inbox
      WHERE consumed_by IS NULL AND run NOT IN (SELECT no FROM runs) AND run NOT IN (SELECT run FROM pruned)`,
    severity: 'note',
    tell: (count) => `${count} events or cancel requests are for runs that are not there (any more)`,
    advice: 'Nobody will receive them; they do no harm',
  },
  {
    sql: `SELECT count(*) AS count, min(runs.id) AS example FROM runs LEFT JOIN owners ON owners.id = runs.owner
      WHERE status = 'running' AND coalesce(heartbeat_at, 0) < :now - ${SILENCE}`,
    severity: 'note',
    tell: (count, example) =>
      `${runs(count)} that are being executed according to the file, by a process that has been silent for over a minute, such as ${example}`,
    advice:
      'They were interrupted, and go on with `ai-workflows resume`, or when their workflow’s engine resumes',
  },
  {
    sql: `SELECT count(*) AS count, min(id) AS example FROM runs WHERE status = 'blocked'`,
    severity: 'note',
    tell: (count, example) => `${runs(count)} that are blocked, such as ${example}`,
    advice: '`ai-workflows show` tells why; `ai-workflows retry` goes on once their code fits',
  },
  {
    sql: `SELECT count(*) AS count FROM owners WHERE heartbeat_at < :now - ${SILENCE}
      AND id NOT IN (SELECT owner FROM runs WHERE owner IS NOT NULL)`,
    severity: 'note',
    tell: (count) => `${count} engines ended without saying so, and execute nothing`,
    advice: 'Nothing needs to be done',
  },
]

export async function examineContents(
  db: DatabaseSync,
  path: string,
  now: number,
  findings: Findings,
): Promise<void> {
  for (const { sql, severity, tell, advice } of QUESTIONS) {
    await new Promise((resolve) => setImmediate(resolve))
    findings.attempt(
      () => {
        const row = db.prepare(sql).get(sql.includes(':now') ? { now } : {})
        const { count, example } = row as { count: number; example?: string | null }
        if (count > 0) findings.add(severity, tell(count, quote(fromText(example ?? ''))), advice)
      },
      'damage',
      advice,
      path,
    )
  }
  findings.attempt(() => examineSpace(db, path, findings), 'damage', 'Restore a backup', path)
}

function examineSpace(db: DatabaseSync, path: string, findings: Findings): void {
  const pragma = (name: string): number => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
  const [pages, free, pageSize] = [pragma('page_count'), pragma('freelist_count'), pragma('page_size')]
  const log = logSize(path)
  if (log > 2 * LOG_LIMIT) {
    findings.add(
      'problem',
      `The write-ahead log has grown to ${megabytes(log)}: somebody has been reading without a pause`,
      'Find out who holds the file open (a database tool, a stopped process, a backup that hangs); it shrinks by itself afterwards',
    )
  }
  if (free * pageSize > 4 * MEGABYTE && free > pages / 4) {
    findings.add(
      'note',
      `${megabytes(free * pageSize)} of the file's ${megabytes(pages * pageSize)} are free`,
      'They are used for what comes next; `ai-workflows vacuum` gives them back to the disk',
    )
  }
  if (pragma('auto_vacuum') !== 2) {
    findings.add(
      'note',
      'The file was made by an older version, and cannot give space back a little at a time',
      'Run `ai-workflows vacuum --full` once, when it does not matter that everything waits for it',
    )
  }
}

function runs(count: number): string {
  return count === 1 ? 'There is 1 run' : `There are ${count} runs`
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`
}
