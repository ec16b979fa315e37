/**
 * Copies a database that is in use. A connection of its own holds one moment of the file, and SQLite's backup copies
 * that in small pieces on another thread: writers are not held up, their writes do not make it begin anew, and the
 * event loop goes on. The write-ahead log cannot be begun anew meanwhile, so it grows by what is written.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { quote, type StoreError } from '../../core/errors.ts'
import type { BackupReport } from '../../core/ports/maintenance.ts'
import { openToRead, sqliteOf } from './connection.ts'
import { asStoreError, storeError } from './errors.ts'
import { type Patience, whenFree } from './patience.ts'

/** Pages per piece: about a millisecond. */
const RATE = 256

export async function backUp(path: string, to: string, patience: Patience): Promise<BackupReport> {
  const target = resolve(to)
  // Under another name until it is whole: what has the name that was asked for is a backup.
  const part = `${target}.${randomUUID().slice(0, 8)}.part`
  if (existsSync(target)) throw exists(target)
  try {
    await (await open(part, 'wx', 0o600)).close()
    await copy(path, part, patience)
    const bytes = await synced(part)
    await give(part, target)
    await syncFolder(dirname(target))
    return { path: target, bytes }
  } catch (error) {
    throw asStoreError(error, target)
  } finally {
    await rm(part, { force: true }).catch(() => undefined)
  }
}

async function copy(path: string, part: string, patience: Patience): Promise<void> {
  const source = openToRead(path)
  try {
    const since = patience.clock.steady()
    await whenFree(() => beginReading(source), since, patience)
    await sqliteOf(path).backup(source, part, { rate: RATE })
  } catch (error) {
    // The source's troubles are told as such; what the copy meets has no code of the source's.
    throw asStoreError(error, path)
  } finally {
    source.close()
  }
}

function beginReading(source: ReturnType<typeof openToRead>): void {
  if (!source.isTransaction) source.exec('BEGIN')
  source.prepare('SELECT count(*) FROM sqlite_schema').get()
}

async function synced(file: string): Promise<number> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}

/** A link fails when the name is taken, which a rename does not. */
async function give(part: string, target: string): Promise<void> {
  try {
    await link(part, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || existsSync(target)) throw exists(target)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
    await rename(part, target) // A file system without links.
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function exists(target: string): StoreError {
  return storeError(
    target,
    'exists',
    `would be written over by this backup. It was not touched: choose a name other than ${quote(target)}, or remove it`,
  )
}
