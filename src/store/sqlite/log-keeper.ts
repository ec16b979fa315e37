/**
 * Keeps the write-ahead log short. SQLite copies it into the database every 1,000 pages and then begins it anew, but not
 * while somebody reads; and the file never shrinks by itself. So a long read, readers that never pause, or one large
 * result would leave it large. Here it is cut off once it is larger than it need be, as soon as nobody is in the way.
 */
import { type Connection, LOG_LIMIT } from './connection.ts'
import { logSize } from './log-file.ts'
import { USUAL } from './log-space.ts'
import { type Patience, whenTrue } from './patience.ts'

/** Milliseconds that one look waits for readers to end. Meanwhile this process writes nothing, so new ones are not in the way. */
const WAIT = 100

/** Milliseconds until the next look, when a read lasts longer than that. */
const PAUSE = 500

/** Bytes that the log may have grown by before it is looked at again: to look makes the next sync dear (`presence.ts`). */
const LEEWAY = LOG_LIMIT / 8

export interface LogKeeper {
  /**
   * After every commit. Rejects only with what SQLite throws.
   * @param size of the values that were written, in characters; Infinity looks at once
   */
  look(size: number): Promise<void>
  /** @returns whether the log is empty now: not while another process reads or writes. */
  truncate(): boolean
  /** Copies what it can into the database, for when the log itself is about to be lost. Never throws. */
  rescue(): void
}

export function logKeeper({ path, prepare }: Connection, patience: Patience): LogKeeper {
  const { clock } = patience
  const checkpoint = prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  const truncate = (): boolean => checkpoint.get()?.['busy'] === 0
  const copy = prepare('PRAGMA wal_checkpoint(PASSIVE)')
  let next = Number.NEGATIVE_INFINITY
  let grown = 0
  return {
    truncate,
    rescue() {
      try {
        copy.get()
      } catch {
        // The write that noticed has its own error.
      }
    },
    async look(size) {
      grown += USUAL + size
      if (grown < LEEWAY || clock.steady() < next) return
      if (logSize(path) <= LOG_LIMIT || (await whenTrue(truncate, { ...patience, limit: WAIT }))) grown = 0
      else next = clock.steady() + PAUSE
    },
  }
}
