/** What a killed process left behind, read without any code of the engine. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface Entry {
  /** Id of the run. */
  readonly id: string
  readonly seq: number
  readonly kind: string
  readonly key: string
  readonly attempt: number | null
  readonly retry_at: number | null
  readonly [column: string]: unknown
}

/** All journals, each in its order. A copy is read, so that the next process has to recover the file by itself. */
export function readEntries(dir: string): Entry[] {
  return query(
    dir,
    'SELECT runs.id, journal.* FROM journal JOIN runs ON runs.no = journal.run ORDER BY runs.no, seq',
  ) as Entry[]
}

export interface RunRow {
  readonly id: string
  readonly status: string
  readonly owner: string | null
  readonly parent: string | null
  /** As it is stored. */
  readonly output: string | null
}

export function readRuns(dir: string): RunRow[] {
  return query(dir, 'SELECT id, status, owner, parent, output FROM runs ORDER BY no') as RunRow[]
}

function query(dir: string, sql: string): unknown[] {
  if (!existsSync(join(dir, 'runs.db'))) return []
  const copy = mkdtempSync(join(tmpdir(), 'books-'))
  for (const name of ['runs.db', 'runs.db-wal'])
    if (existsSync(join(dir, name))) copyFileSync(join(dir, name), join(copy, name))
  const db = new DatabaseSync(join(copy, 'runs.db'))
  try {
    const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'journal'`).all()
    return tables.length === 0
      ? []
      : db
          .prepare(sql)
          .all()
          .map((row) => ({ ...row }))
  } finally {
    db.close()
    rmSync(copy, { recursive: true })
  }
}

/** A step's function was called. */
export interface Mark {
  /** The run's id and the step's key. */
  readonly step: string
  readonly attempt: number
  readonly pid: number
}

export function readMarks(file: string): Mark[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [, step = '', attempt, pid] = /^(.*) (\d+) (\d+)$/.exec(line) ?? []
    return { step, attempt: Number(attempt), pid: Number(pid) }
  })
}
