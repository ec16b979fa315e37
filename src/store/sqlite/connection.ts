/** Opens the file: checks what it is, sets it up, migrates it. */
import { accessSync, closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type * as Sqlite from 'node:sqlite'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { asStoreError, notADatabase, storeError } from './errors.ts'
import { type FileSystemProbe, requireLocal, systemProbe } from './file-system.ts'
import { requireNothingForeign } from './foreign.ts'
import { readIdentity, requireOurHeader, requireOurs, requireSqlite, unsupported } from './identity.ts'
import { migrate } from './migrate.ts'
import { LATEST } from './migrations/index.ts'
import { type Patience, whenFree } from './patience.ts'

/** Bytes of the write-ahead log: four times what SQLite lets it grow to when nobody is in the way. */
export const LOG_LIMIT: number = 16 * 1024 * 1024

/** What `PRAGMA auto_vacuum` says of a file whose free pages can be given back one by one. */
export const INCREMENTAL = 2

export type Durability = 'full' | 'process-crash'

export interface Connection {
  readonly path: string
  readonly db: DatabaseSync
  readonly durability: Durability
  prepare(sql: string): StatementSync
}

export async function connect(
  path: string,
  durability: Durability,
  patience: Patience,
  probe: FileSystemProbe = systemProbe,
): Promise<Connection> {
  let db: DatabaseSync | undefined
  try {
    requireLocal(path, dirname(path), probe)
    requireOurHeader(path)
    requireWritable(path)
    const opened = (db = open(path))
    await whenFree(() => setUp(opened, path, durability), patience.clock.steady(), patience)
    return { path, db: opened, durability, prepare: (sql) => opened.prepare(sql) }
  } catch (error) {
    if (db?.isOpen) db.close()
    throw asOpenError(error, path)
  }
}

/**
 * SQLite opens a file that it may not write to for reading only, and leaves -wal and -shm files beside it that are as
 * read-only as it is: they would be in the way once the file is writable again.
 */
function requireWritable(path: string): void {
  accessSync(dirname(path), constants.R_OK | constants.W_OK)
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
}

/** Not imported: a program that only uses other stores may run on a Node.js without it, or be warned by one with it. */
export function sqliteOf(path: string): typeof Sqlite {
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof Sqlite | undefined
  if (sqlite === undefined) throw unsupported('no built-in SQLite', path)
  return sqlite
}

function open(path: string): DatabaseSync {
  const sqlite = sqliteOf(path)
  const probe = new sqlite.DatabaseSync(':memory:')
  const version = probe.prepare('SELECT sqlite_version() AS version').get()?.['version']
  probe.close()
  requireSqlite(String(version), path)
  // What is in the file is data: it must not reach SQLite's own tables, nor load anything.
  return new sqlite.DatabaseSync(path, { timeout: 0, defensive: true, allowExtension: false })
}

/** A second look at a file: only reads, and sees one moment of it from the first read of a transaction on. */
export function openToRead(path: string): DatabaseSync {
  const { DatabaseSync } = sqliteOf(path)
  const db = new DatabaseSync(path, { timeout: 0, readOnly: true, defensive: true, allowExtension: false })
  db.exec('PRAGMA trusted_schema = OFF')
  return db
}

/** Can be run again from the start, whatever it was that failed. */
function setUp(db: DatabaseSync, path: string, durability: Durability): void {
  db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
  // First, and only reading: what is not ours stays as it is.
  let vacuums: unknown
  let version: number
  db.exec('BEGIN')
  try {
    const identity = readIdentity(db)
    version = identity.version
    requireOurs(path, identity)
    requireNothingForeign(db, path, version)
    vacuums = db.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum']
  } finally {
    db.exec('ROLLBACK')
  }
  // Before the first page is written, or it has no effect until a full `vacuum`: lets one give space back a little at a
  // time. Not where it is so already: that would be a durable write.
  if (vacuums !== INCREMENTAL) db.exec('PRAGMA auto_vacuum = INCREMENTAL')
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal') {
    throw storeError(
      path,
      'unsupported',
      `cannot use a write-ahead log (its journal mode stays ${String(mode)}): put it on a local disk`,
    )
  }
  const full = durability === 'full'
  db.exec(`
    PRAGMA synchronous = ${full ? 'FULL' : 'NORMAL'};
    PRAGMA fullfsync = ${full ? 1 : 0}; -- macOS: an fsync alone leaves the data in the drive's cache
    PRAGMA checkpoint_fullfsync = ${full ? 1 : 0};
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = ${LOG_LIMIT};
  `)
  // Not where it is so already: to open is no write then, and waits for no disk.
  if (version < LATEST) migrate(db, path)
}

/** A file that is no database in use was one; at opening it never was. */
function asOpenError(thrown: unknown, path: string): Error {
  const { errcode } = Object(thrown) as { errcode?: number }
  return errcode === 26
    ? notADatabase(path, 'cannot be opened, because that file is not a database', thrown)
    : asStoreError(thrown, path)
}

/** @returns the path of the run database in the folder, which is created if need be. */
export function fileIn(folder: string): string {
  const path = join(resolve(folder), 'runs.db')
  try {
    const first = mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (first !== undefined && process.platform !== 'win32')
      syncFolders(dirname(first), dirname(dirname(path)))
  } catch (error) {
    throw asStoreError(error, path)
  }
  return path
}

/** A folder survives a power failure once the one that it is in has been synced. */
function syncFolders(top: string, bottom: string): void {
  for (let folder = bottom; ; folder = dirname(folder)) {
    const descriptor = openSync(folder, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    if (folder === top) return
  }
}
