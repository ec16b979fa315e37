/** Whether a file is a run database that this code understands. Anything else is refused before it is touched. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { StoreError } from '../../core/errors.ts'
import { notADatabase, storeError } from './errors.ts'
import { LATEST } from './migrations/index.ts'

/** `aiwf` in ASCII. In the header of every run database, as `PRAGMA application_id`. */
export const APPLICATION_ID = 0x61697766

/** Before it, a checkpoint that raced a reset of the WAL could corrupt the database. */
const OLDEST_SQLITE = [3, 51, 3] as const

interface Identity {
  readonly applicationId: number
  readonly version: number
  readonly empty: boolean
}

export function requireSqlite(version: string, path: string): void {
  const parts = version.split('.').map(Number)
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0
    if (part > oldest) return
    if (part < oldest) throw unsupported(version, path)
  }
}

export function unsupported(version: string, path: string): StoreError {
  return storeError(
    path,
    'unsupported',
    `needs SQLite ${OLDEST_SQLITE.join('.')} or newer (older ones can corrupt a database), and this Node.js ` +
      `(${process.version}) has ${version}: use Node.js 24.15 or newer, or 22.22.3 or newer`,
  )
}

const HEADER_LENGTH = 100
const MAGIC = 'SQLite format 3\0'

/** Reads the file's first bytes, without SQLite: opening a file there may already change it, or the folder. */
export function requireOurHeader(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (stats.isDirectory()) throw notADatabase(path, 'cannot be opened, because that is a folder')
  if (!stats.isFile()) throw notADatabase(path, 'cannot be opened, because that is not a regular file')
  if (stats.size === 0) return
  const header = readHeader(path)
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw notADatabase(path, 'cannot be opened, because that file is not a database')
  }
  const [version, applicationId] = [header.readInt32BE(60), header.readInt32BE(68)]
  // Another process may be creating it, with its first commit still in the -wal file: then neither is set yet.
  if (applicationId !== 0 || version !== 0) requireOurs(path, { applicationId, version, empty: true })
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH)
  const file = openSync(path, 'r')
  try {
    readSync(file, header, 0, HEADER_LENGTH, 0)
  } finally {
    closeSync(file)
  }
  return header
}

/** Must run in a transaction, or another process may create the schema between two reads. */
export function readIdentity(db: DatabaseSync): Identity {
  const row = db
    .prepare(
      `SELECT (SELECT application_id FROM pragma_application_id) AS applicationId,
        (SELECT user_version FROM pragma_user_version) AS version,
        NOT EXISTS (SELECT * FROM sqlite_schema) AS empty`,
    )
    .get() as { applicationId: number; version: number; empty: number }
  return { ...row, empty: row.empty === 1 }
}

export function requireOurs(path: string, { applicationId, version, empty }: Identity): void {
  const fresh = applicationId === 0 && version === 0 && empty
  if (fresh) return
  if (applicationId !== APPLICATION_ID) {
    throw notADatabase(path, 'cannot be opened, because that is a SQLite database of another application')
  }
  if (version > LATEST) {
    throw storeError(
      path,
      'too-new',
      `has format ${version}, written by a newer version of ai-workflows; this one knows formats up to ${LATEST}. ` +
        'It was not touched: update ai-workflows in this program',
    )
  }
}
