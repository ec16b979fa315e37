/** The file as it lies there, read with queries of its own. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Entry } from './model.ts'

export interface RunRow {
  readonly no: number
  readonly id: string
  readonly status: string
  readonly input: string
  readonly output: string | null
  readonly error: string | null
  readonly parent: string | null
  readonly parent_key: string | null
  readonly owner: string | null
  readonly epoch: number
  /** The last entry of its journal. */
  readonly last: number
}

export interface InboxRow {
  readonly id: string
  readonly kind: string
  readonly name: string
}

export class Books {
  readonly #db: DatabaseSync

  constructor(dir: string) {
    this.#db = new DatabaseSync(join(dir, 'runs.db'), { readOnly: true, timeout: 10_000 })
  }

  runs(): RunRow[] {
    return this.#all(`
      SELECT no, id, status, input, output, error, parent, parent_key, owner, epoch,
        (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no) AS last
      FROM runs ORDER BY no`) as RunRow[]
  }

  journal(no: number): Entry[] {
    return this.#all(
      'SELECT seq, kind, key, attempt, retry_at, payload FROM journal WHERE run = ? ORDER BY seq',
      no,
    ) as Entry[]
  }

  inbox(): InboxRow[] {
    return this.#all(
      'SELECT runs.id, inbox.kind, inbox.name FROM inbox JOIN runs ON runs.no = inbox.run',
    ) as InboxRow[]
  }

  /** What SQLite itself finds wrong. */
  damage(): string[] {
    const rows = this.#all('PRAGMA integrity_check') as { integrity_check: string }[]
    return rows.map(({ integrity_check }) => integrity_check).filter((line) => line !== 'ok')
  }

  close(): void {
    this.#db.close()
  }

  #all(sql: string, ...values: number[]): unknown[] {
    return this.#db
      .prepare(sql)
      .all(...values)
      .map((row) => ({ ...row }))
  }
}
