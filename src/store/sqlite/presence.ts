/**
 * Notices that the database file, or its write-ahead log, has been deleted or replaced. SQLite does not: it would go on
 * writing to a file that no name leads to, and lose all of it at the end.
 *
 * Both are entries of one folder, whose own times tell whether any entry has changed. The files themselves are looked at
 * only when they say so: since Linux 6.13 a file whose times have been read gets a fresh one at its next write, which
 * the next sync must write as well (measured: 40% on top of each commit).
 */
import { type BigIntStats, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { storeError } from './errors.ts'
import { logOf } from './log-file.ts'

/** Milliseconds within which two changes of a folder may leave the same time on it: two ticks of the coarsest clock (15.6, Windows). */
const SAME_TICK = 32
/** The same where times are whole seconds, or every other. */
const SAME_SECONDS = 3_000

/** @returns throws when a path no longer leads to the file that it leads to now. Two microseconds per call. */
export function watchPresence(path: string): () => void {
  const file = realpathSync(path)
  const files = [look(file, false), look(logOf(path), true)]
  const folder = dirname(file)
  let unchanged: BigIntStats | undefined
  return () => {
    const now = statSync(folder, { bigint: true, throwIfNoEntry: false })
    if (unchanged !== undefined && now?.mtimeNs === unchanged.mtimeNs && now.ino === unchanged.ino) return
    for (const check of files) check(path)
    unchanged = now !== undefined && isSettled(now) ? now : undefined
  }
}

/** Any later change of the folder leaves another time on it. */
function isSettled({ mtimeMs, mtimeNs }: BigIntStats): boolean {
  const margin = mtimeNs % 1_000_000_000n === 0n ? SAME_SECONDS : SAME_TICK
  return Date.now() - Number(mtimeMs) > margin
}

function look(file: string, isLog: boolean): (path: string) => void {
  const before = statSync(file)
  return (path) => {
    const now = statSync(file, { throwIfNoEntry: false })
    if (now !== undefined && now.ino === before.ino && now.dev === before.dev) return
    const what = now === undefined ? 'deleted or moved' : 'replaced'
    throw storeError(
      path,
      'missing',
      !isLog
        ? `was ${what} while it was in use. What was in it is not there any more, and this was not written: put the file ` +
            'back, or stop this process and start it again'
        : `is in use, and the write-ahead log that belongs to it, "${file}", was ${what}. This was not written; what was ` +
            'acknowledged has been copied into the database as far as possible: stop every process that uses it, then start them again',
    )
  }
}
