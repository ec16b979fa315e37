/**
 * Gives the write-ahead log its space ahead of need. The sync of a file that has grown must write its inode and the map of
 * its blocks as well, and takes twice as long (ADR 0020). SQLite writes over the log's first pages once it has reached
 * 1,000 of them, so only those are made dear; zeros at the end of the file make them as cheap as all that follow. Compare
 * PostgreSQL's `wal_init_zero`. What is there is not touched:
 *
 * S1  Only while this connection holds the write lock: nobody else adds to the log, begins it anew or cuts it off.
 * S2  Only beyond the end of the file, and never of an empty one: the header is SQLite's.
 * S3  Zeros are no frame: one has a page number, the salts of the header and a checksum over all before it (SQLite's file
 *     format, section 4), so a recovery ends at them.
 * S4  Of this file alone: to close another descriptor of the database or its shared memory would drop SQLite's locks on it.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { logOf } from './log-file.ts'

/** What the log has when SQLite begins it anew: 1,000 pages of 4,096 bytes with their headers, and one transaction. */
const ENOUGH = 4_400_000

/** Written at once: a fraction of a millisecond. */
const STEP = 256 * 1024

/** For transactions of so many pages that the log outgrows what was added. */
const LARGEST_STEP = 4 * STEP

/** Bytes that one transaction adds beside its values: some four pages. */
export const USUAL: number = 16 * 1024

/**
 * @param path of the database
 * @returns to be called in each transaction, with the size of the values in it: characters, Infinity where nobody knows. Never throws:
 * without the space a commit costs more, and that is all.
 */
export function logSpace(path: string): (size: number) => void {
  const log = logOf(path)
  let step = STEP
  let left = 0
  let written = 0
  let wait = STEP / 2
  return (size) => {
    written += USUAL + (Number.isFinite(size) ? size : 0)
    if (written < wait) return
    written = 0
    const found = extend(log, step)
    if (found < ENOUGH && found > left && left > 0) step = Math.min(2 * step, LARGEST_STEP)
    left = found + step
    wait = found < ENOUGH ? STEP / 2 : ENOUGH
  }
}

/** @returns the size before; Infinity when it cannot be made larger. */
function extend(log: string, bytes: number): number {
  let descriptor: number | undefined
  try {
    descriptor = openSync(log, 'r+')
    const { size } = fstatSync(descriptor)
    if (size > 0 && size < ENOUGH) writeSync(descriptor, Buffer.alloc(bytes), 0, bytes, size)
    return size
  } catch {
    return Number.POSITIVE_INFINITY
  } finally {
    if (descriptor !== undefined) close(descriptor)
  }
}

function close(descriptor: number): void {
  try {
    closeSync(descriptor)
  } catch {
    // What was to be written has been tried; the commit is not to fail for it.
  }
}
