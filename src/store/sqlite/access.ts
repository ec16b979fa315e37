/**
 * How the verbs reach the database. Reads run at once; writes share transactions.
 *
 * A1  Writes take effect in the order in which they were asked for; those of a series have others between them.
 * A2  A write resolves after the COMMIT that holds it, and rejects only if nothing of it was committed.
 * A3  Writes that share a transaction do not share failures: when it fails, each is tried in one of its own.
 * A4  After an I/O error nothing is acknowledged any more, and A2 does not hold for what met it: what the disk has kept
 *     is unknown until the file is opened again.
 */
import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import { asStoreError, closed } from './errors.ts'
import { logKeeper } from './log-keeper.ts'
import { type Patience, whenFree } from './patience.ts'
import { Trust } from './trust.ts'
import { WriteQueue } from './write-queue.ts'

export interface Access {
  readonly path: string
  /** For verbs to call once, at opening: a statement is kept as long as the store. */
  prepare(sql: string): StatementSync
  /** `work` only reads. */
  read<T>(work: () => T): Promise<T>
  /**
   * `work` may run several times; nothing of a time that failed remains.
   * @param size of the values in it, in characters. Default: unknown, so the log is looked at
   * @param gathered it is all of a turn's writes, and waits for no others
   */
  write<T>(work: () => T, size?: number, gathered?: boolean): Promise<T>
  /** Several writes that belong together, each in its own turn of the event loop: closing lets all of them end. */
  series<T>(work: (write: Access['write']) => Promise<T>): Promise<T>
  /** `work` makes its own transactions, or none. */
  alone<T>(work: () => T): Promise<T>
  /** Cuts the write-ahead log off, if nobody is in the way. */
  shortenLog(): Promise<void>
  close(): Promise<void>
}

export function access(connection: Connection, patience: Patience): Access {
  const { db, path } = connection
  const trust = new Trust(path)
  const log = logKeeper(connection, patience)
  const queue = new WriteQueue(connection, patience, trust, log)
  const series = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  async function alone<T>(work: () => T): Promise<T> {
    if (closing !== undefined) throw closed(path)
    trust.require()
    try {
      return await whenFree(work, patience.clock.steady(), patience)
    } catch (error) {
      throw trust.after(error)
    }
  }

  const write: Access['write'] = async (work, size = Number.POSITIVE_INFINITY, gathered = false) => {
    trust.require()
    return queue.push(work, size, gathered)
  }

  async function close(): Promise<void> {
    await Promise.allSettled(series)
    await queue.idle()
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
    async write(work, size, gathered) {
      if (closing !== undefined) throw closed(path)
      return write(work, size, gathered)
    },
    async series(work) {
      if (closing !== undefined) throw closed(path)
      const whole = work(write)
      series.add(whole)
      try {
        return await whole
      } finally {
        series.delete(whole)
      }
    },
    alone,
    shortenLog: () => alone(() => void log.truncate()),
    close: () => (closing ??= close()),
  }
}
