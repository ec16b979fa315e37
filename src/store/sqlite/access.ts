/**
 * How the verbs reach the database. Reads run at once. Writes wait in line and are taken together, those of one turn
 * of the event loop in one transaction: its cost is the sync at its end, whoever shares it.
 *
 * A1  Writes take effect in the order in which they were asked for.
 * A2  A write resolves after the COMMIT that holds it, and rejects only if nothing of it was committed.
 * A3  Writes that share a transaction do not share failures: when it fails, each is tried in one of its own.
 * A4  After an I/O error nothing is acknowledged any more: what the disk has kept of it is unknown until the file is
 *     opened again.
 */
import type { StatementSync } from 'node:sqlite'
import type { StoreError } from '../../core/errors.ts'
import type { Connection } from './connection.ts'
import { asStoreError, closed, isIoFailure, unreliable } from './errors.ts'
import { logKeeper } from './log-keeper.ts'
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
  /** `work` makes its own transactions, or none. */
  alone<T>(work: () => T): Promise<T>
  /** Cuts the write-ahead log off, if nobody is in the way. */
  shortenLog(): Promise<void>
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
  const log = logKeeper(connection, patience)
  const queue: Job[] = []
  let working: Promise<void> | undefined
  let closing: Promise<void> | undefined
  let broken: StoreError | undefined

  async function commit(jobs: readonly Job[]): Promise<void> {
    const [first] = jobs
    if (first === undefined) return
    if (broken !== undefined) return refuse(jobs, broken)
    const body = (): unknown[] => {
      const results = jobs.map((job) => job.work())
      requirePresence()
      return results
    }
    try {
      const results = await whenFree(() => transaction(db, body), first.since, patience)
      jobs.forEach((job, index) => job.resolve(results[index]))
    } catch (error) {
      if (isIoFailure(error)) refuse(jobs, (broken ??= unreliable(path, error)))
      else if (jobs.length === 1) first.reject(asStoreError(error, path))
      else for (const job of jobs) await commit([job])
    }
  }

  async function keepLogShort(): Promise<void> {
    try {
      if (broken === undefined) await log.look()
    } catch (error) {
      // What is acknowledged is in the log: only a failure of the disk makes that doubtful.
      if (isIoFailure(error)) broken = unreliable(path, error)
    }
  }

  async function alone<T>(body: () => T): Promise<T> {
    if (closing !== undefined) throw closed(path)
    if (broken !== undefined) throw broken
    try {
      return await whenFree(body, patience.clock.steady(), patience)
    } catch (error) {
      if (isIoFailure(error)) throw (broken ??= unreliable(path, error))
      throw asStoreError(error, path)
    }
  }

  async function work(): Promise<void> {
    while (queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      await commit(queue.splice(0, MOST_JOBS))
      await keepLogShort()
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
      if (broken !== undefined) throw broken
      return new Promise<T>((resolve, reject) => {
        const done = resolve as (result: unknown) => void
        queue.push({ since: patience.clock.steady(), work: job, resolve: done, reject })
        working ??= work()
      })
    },
    alone,
    shortenLog: () => alone(() => void log.truncate()),
    close: () => (closing ??= close()),
  }
}

function refuse(jobs: readonly Job[], error: StoreError): void {
  for (const job of jobs) job.reject(error)
}
