/**
 * Notices that the database file has been deleted or replaced. SQLite does not: it would go on writing to a file that
 * no name leads to, and lose all of it at the end.
 */
import { statSync } from 'node:fs'
import { storeError } from './errors.ts'

/** @returns throws when the path no longer leads to the file that it leads to now. A microsecond per call. */
export function watchPresence(path: string): () => void {
  const before = statSync(path)
  return () => {
    const now = statSync(path, { throwIfNoEntry: false })
    if (now !== undefined && now.ino === before.ino && now.dev === before.dev) return
    throw storeError(
      path,
      'missing',
      `was ${now === undefined ? 'deleted or moved' : 'replaced'} while it was in use. What was in it is not there any ` +
        'more, and this was not written: put the file back, or stop this process and start it again',
    )
  }
}
