/**
 * How the verbs reach the database. Reads run at once. Writes wait in line and are taken together, those of one turn
 * of the event loop in one transaction: its cost is the sync at its end, whoever shares it.
 *
 * A1  Writes take effect in the order in which they were asked for.
 * A2  A write resolves after the COMMIT that holds it, and rejects only if nothing of it was committed.
 * A3  Writes that share a transaction do not share failures: when it fails, each is tried in one of its own.
 */
import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import { asStoreError, closed } from './errors.ts'
import { type Patience, whenFree } from './patience.ts'
import { watchPresence } from './presence.ts'
import { transaction } from './transaction.ts'

export interface Access {
  readonly path: string
  /** For verbs to call once, at opening: a statement is kept as long as the store. */
  prepare(sql: string): StatementSync
  /** `work` only reads, in one statement. */
  read<T>(work: () => T): Promise<T>
  /** `work` may run several times; nothing of a time that failed remains. */
  write<T>(work: () => T): Promise<T>
  close(): Promise<void>
}

interface Job {
  readonly since: number
  readonly work: () => unknown
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** Jobs in one transaction: enough to make the sync cheap, few enough not to hold the lock and the loop for long. */
const MOST_JOBS = 250

export function access(connection: Connection, patience: Patience): Access {
  const { db, path } = connection
  const requirePresence = watchPresence(path)
  const queue: Job[] = []
  let working: Promise<void> | undefined
  let closing: Promise<void> | undefined

  async function commit(jobs: readonly Job[]): Promise<void> {
    const [first] = jobs
    if (first === undefined) return
    const body = (): unknown[] => {
      const results = jobs.map((job) => job.work())
      requirePresence()
      return results
    }
    try {
      const results = await whenFree(() => transaction(db, body), first.since, patience)
      jobs.forEach((job, index) => job.resolve(results[index]))
    } catch (error) {
      if (jobs.length === 1) first.reject(asStoreError(error, path))
      else for (const job of jobs) await commit([job])
    }
  }

  async function work(): Promise<void> {
    while (queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      await commit(queue.splice(0, MOST_JOBS))
    }
    working = undefined
  }

  async function close(): Promise<void> {
    await working
    try {
      db.close()
    } catch (error) {
      throw asStoreError(error, path)
    }
  }

  return {
    path,
    prepare: (sql) => connection.prepare(sql),
    async read(work) {
      if (closing !== undefined) throw closed(path)
      try {
        return await whenFree(work, patience.clock.steady(), patience)
      } catch (error) {
        throw asStoreError(error, path)
      }
    },
    async write<T>(job: () => T): Promise<T> {
      if (closing !== undefined) throw closed(path)
      return new Promise<T>((resolve, reject) => {
        const done = resolve as (result: unknown) => void
        queue.push({ since: patience.clock.steady(), work: job, resolve: done, reject })
        working ??= work()
      })
    },
    close: () => (closing ??= close()),
  }
}
