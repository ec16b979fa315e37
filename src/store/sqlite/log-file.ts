/** Where the write-ahead log of a database is, and how long. */
import { realpathSync, statSync } from 'node:fs'

/** Beside the file that a link leads to: SQLite keeps it there. */
export function logOf(path: string): string {
  return `${realpathSync(path)}-wal`
}

/** In bytes; 0 where there is none. */
export function logSize(path: string): number {
  return statSync(logOf(path), { throwIfNoEntry: false })?.size ?? 0
}
