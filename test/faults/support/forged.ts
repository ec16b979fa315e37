/** Rows that the engine never wrote, with right checksums: what somebody else may put into a database. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { checksum } from '../../../src/store/sqlite/checksum.ts'

export interface Forger {
  /** Changes a run's row. */
  run(id: string, columns: Readonly<Record<string, string | number | bigint | null>>): void
  /** Replaces a run's journal. */
  journal(id: string, rows: readonly Partial<Row>[]): void
  note(id: string, note: Readonly<Record<string, string | number | bigint>>): void
  inbox(id: string, item: Readonly<Record<string, string | number>>): void
  close(): void
}

interface Row {
  readonly seq: number
  readonly kind: string
  readonly key: string
  readonly at: number
  readonly attempt: number | null
  readonly started_at: number | null
  readonly retry_at: number | null
  readonly name: string | null
  readonly payload: string | null
}

export function forger(dir: string): Forger {
  const db = new DatabaseSync(join(dir, 'runs.db'))
  const no = (id: string): number =>
    (db.prepare('SELECT no FROM runs WHERE id = ?').get(id) as { no: number }).no
  const insert = (table: string, columns: object): void => {
    const names = Object.keys(columns)
    db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(
      ...(Object.values(columns) as (string | number | bigint | null)[]),
    )
  }
  return {
    run(id, columns) {
      for (const [column, value] of Object.entries(columns))
        db.prepare(`UPDATE runs SET ${column} = ? WHERE no = ?`).run(value, no(id))
    },
    journal(id, rows) {
      db.prepare('DELETE FROM journal WHERE run = ?').run(no(id))
      for (const [index, forged] of rows.entries()) {
        const row = {
          run: no(id),
          seq: index + 1,
          kind: 'step-done',
          key: 'a',
          at: 0,
          attempt: 1,
          started_at: 0,
          retry_at: null,
          name: null,
          payload: 'j1',
          ...forged,
        }
        insert('journal', { ...row, crc: checksum(row) })
      }
    },
    note: (id, note) =>
      insert('notes', { run: no(id), key: 'a', at: 0, kind: 'started', attempt: 1, due: 0, ...note }),
    inbox: (id, item) =>
      insert('inbox', { run: no(id), kind: 'event', name: 'e', payload: 'j1', at: 0, ...item }),
    close: () => db.close(),
  }
}
