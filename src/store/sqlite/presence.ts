/**
 * Notices that the database file, or its write-ahead log, has been deleted or replaced. SQLite does not: it would go on
 * writing to a file that no name leads to, and lose all of it at the end.
 */
import { statSync } from 'node:fs'
import { storeError } from './errors.ts'

/** @returns throws when a path no longer leads to the file that it leads to now. Two microseconds per call. */
export function watchPresence(path: string): () => void {
  const looks = [path, `${path}-wal`].map(look)
  return () => {
    for (const check of looks) check(path)
  }
}

function look(file: string): (path: string) => void {
  const before = statSync(file)
  return (path) => {
    const now = statSync(file, { throwIfNoEntry: false })
    if (now !== undefined && now.ino === before.ino && now.dev === before.dev) return
    const what = now === undefined ? 'deleted or moved' : 'replaced'
    throw storeError(
      path,
      'missing',
      file === path
        ? `was ${what} while it was in use. What was in it is not there any more, and this was not written: put the file ` +
            'back, or stop this process and start it again'
        : `is in use, and the write-ahead log that belongs to it, "${file}", was ${what}. This was not written; what was ` +
            'acknowledged has been copied into the database as far as possible: stop every process that uses it, then start them again',
    )
  }
}
