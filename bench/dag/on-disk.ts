import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Perform } from './watched.ts'

/**
 * What the same durability costs at least, whoever does it: a sync for each task of the longest chain, one before the first
 * and one after the last. A result counts when a row of it is synced; all of one turn of the event loop share a
 * transaction. There is nothing here that could take the work up again.
 */
export class OnDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bench-graphs-floor-'))
  readonly #database = this.#created()
  readonly #insert = this.#database.prepare('INSERT INTO rows (id, result) VALUES (?, ?)')
  #open: { readonly id: string; readonly result: number; readonly resolve: (result: number) => void }[] = []

  /** The run is there before its first task, and its end before its caller knows of it. */
  async run(name: string, schedule: () => Promise<void>): Promise<void> {
    this.#insert.run(name, null)
    await schedule()
    this.#insert.run(name, null)
  }

  recording(perform: Perform): Perform {
    const commit = (): void => {
      const batch = this.#open
      this.#open = []
      this.#database.exec('BEGIN IMMEDIATE')
      for (const { id, result } of batch) this.#insert.run(id, result)
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

  /** How many results there are. */
  get results(): number {
    const { rows } = this.#database.prepare('SELECT count(result) AS rows FROM rows').get() ?? {}
    return Number(rows)
  }

  close(): void {
    this.#database.close()
    rmSync(this.#folder, { recursive: true })
  }

  #created(): DatabaseSync {
    const database = new DatabaseSync(join(this.#folder, 'rows.db'))
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec('CREATE TABLE rows (no INTEGER PRIMARY KEY, id TEXT, result INTEGER)')
    return database
  }
}
