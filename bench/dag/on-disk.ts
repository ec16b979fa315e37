import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Perform } from './watched.ts'

/**
 * What the same durability costs at least: a result counts when a row of it is synced. All results of one turn of the event
 * loop share a transaction. There is nothing here that could take the work up again.
 */
export class OnDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bench-graphs-floor-'))
  readonly #database = new DatabaseSync(join(this.#folder, 'rows.db'))
  #open: { readonly id: string; readonly result: number; readonly resolve: (result: number) => void }[] = []

  constructor() {
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    this.#database.exec('CREATE TABLE rows (no INTEGER PRIMARY KEY, id TEXT, result INTEGER)')
  }

  recording(perform: Perform): Perform {
    const insert = this.#database.prepare('INSERT INTO rows (id, result) VALUES (?, ?)')
    const commit = (): void => {
      const batch = this.#open
      this.#open = []
      this.#database.exec('BEGIN IMMEDIATE')
      for (const { id, result } of batch) insert.run(id, result)
      this.#database.exec('COMMIT')
      for (const { result, resolve } of batch) resolve(result)
    }
    return async (task, inputs) => {
      const result = await perform(task, inputs)
      return await new Promise((resolve) => {
        if (this.#open.length === 0) setImmediate(commit)
        this.#open.push({ id: task.id, result, resolve })
      })
    }
  }

  /** How many rows there are. */
  get rows(): number {
    return Number(this.#database.prepare('SELECT count(*) AS rows FROM rows').get()?.['rows'])
  }

  close(): void {
    this.#database.close()
    rmSync(this.#folder, { recursive: true })
  }
}
