/**
 * Whatever SQLite, Node or the file system throws, as a `StoreError` (R5): the file, what is wrong, what to do.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, quote, StoreError, type StoreProblem } from '../../core/errors.ts'

/** Primary result codes of SQLite: the low byte of `errcode`. https://sqlite.org/rescode.html */
const code = {
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  tooBig: 18,
  constraint: 19,
  notADatabase: 26,
} as const

/** SQLITE_IOERR_SHMSIZE: the shared-memory file could not grow, which is what a full disk looks like to it. */
const SHM_SIZE = 4874

const KEPT = 'What was acknowledged is kept, and this was not written'

export function storeError(path: string, problem: StoreProblem, text: string, cause?: unknown): StoreError {
  return new StoreError(problem, `Run database ${quote(path)} ${text}`, cause)
}

export function asStoreError(thrown: unknown, path: string): StoreError {
  if (thrown instanceof StoreError) return thrown
  if (errcodeOf(thrown) !== undefined) return fromSqlite(thrown, path)
  switch (systemCodeOf(thrown)) {
    case 'ERR_INVALID_STATE':
      return closed(path, thrown)
    case 'ERR_OUT_OF_RANGE': // an integer that no JavaScript number can be: not written by us
      return corrupt(path, `is damaged: ${messageOf(thrown)}`, thrown)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return readOnly(path, thrown)
    case 'ENOSPC':
    case 'EDQUOT':
      return full(path, thrown)
    case 'ENOENT':
      return storeError(
        path,
        'missing',
        `is in a folder that does not exist: create ${quote(dirname(path))}`,
        thrown,
      )
    case 'EEXIST':
    case 'ENOTDIR':
      return notADatabase(
        path,
        'cannot be there, because part of its path is a file and not a folder',
        thrown,
      )
    default:
      return storeError(path, 'io', `could not be used: ${messageOf(thrown)}. ${KEPT}`, thrown)
  }
}

/** Somebody else holds the lock now; the same call may succeed a moment later. */
export function isBusy(thrown: unknown): boolean {
  const primary = (errcodeOf(thrown) ?? 0) & 0xff
  return primary === code.busy || primary === code.locked
}

/**
 * A write or a sync of the file itself failed. What the system has then kept of it nobody can tell, and a second sync
 * may report success for what was lost: nothing may be acknowledged through that connection any more. A full disk is
 * not of this kind.
 */
export function isIoFailure(thrown: unknown): boolean {
  const errcode = errcodeOf(thrown) ?? 0
  return (errcode & 0xff) === code.io && errcode !== SHM_SIZE
}

export function unreliable(path: string, cause: unknown): StoreError {
  return storeError(
    path,
    'io',
    `could not be written: ${messageOf(cause)} (${errcodeOf(cause) ?? 'no code'}). Whether this was written is not known, so ` +
      'it counts as not written, and nothing more is written through this store. What was acknowledged is kept: check the ' +
      'disk, then start this process again; it goes on from what is really on the disk',
    cause,
  )
}

export function closed(path: string, cause?: unknown): StoreError {
  return storeError(path, 'closed', 'is closed: open the store again', cause)
}

export function notADatabase(path: string, text: string, cause?: unknown): StoreError {
  return storeError(path, 'not-a-database', `${text}. It was not touched: choose another path`, cause)
}

export function corrupt(path: string, text: string, cause?: unknown): StoreError {
  return storeError(
    path,
    'corrupt',
    `${text}. Stop everything that uses it, keep a copy of it with its -wal file, and restore a backup`,
    cause,
  )
}

function fromSqlite(thrown: unknown, path: string): StoreError {
  const errcode = errcodeOf(thrown) ?? 0
  if (errcode === SHM_SIZE) return full(path, thrown)
  switch (errcode & 0xff) {
    case code.busy:
    case code.locked:
      return storeError(
        path,
        'locked',
        `is locked by another process, for longer than this store waits. ${KEPT}: ` +
          'find out who holds it (a stopped process, a backup, an open database tool), then try again',
        thrown,
      )
    case code.readonly:
      return readOnly(path, thrown)
    case code.full:
      return full(path, thrown)
    case code.corrupt:
      return corrupt(path, 'is damaged', thrown)
    case code.notADatabase:
      return corrupt(path, 'no longer is a database', thrown)
    case code.constraint:
      return storeError(path, 'io', `refused a value: ${messageOf(thrown)}. ${KEPT}`, thrown)
    case code.cantOpen:
      return cannotOpen(path, thrown)
    case code.tooBig:
      return storeError(
        path,
        'unsupported',
        `cannot hold a value this large (SQLite allows 1 GB). ${KEPT}`,
        thrown,
      )
    default:
      return storeError(
        path,
        'io',
        `could not be read or written: ${messageOf(thrown)} (${errcode}). ${KEPT}`,
        thrown,
      )
  }
}

/** SQLite's "unable to open database file" has many causes and names none. */
function cannotOpen(path: string, thrown: unknown): StoreError {
  const folder = dirname(path)
  if (!existsSync(folder)) {
    return storeError(path, 'missing', `is in a folder that does not exist: create ${quote(folder)}`, thrown)
  }
  if (!statSync(folder).isDirectory())
    return notADatabase(path, `cannot be in ${quote(folder)}, which is a file`, thrown)
  if (!writable(folder) || (existsSync(path) && !writable(path))) return readOnly(path, thrown)
  return storeError(
    path,
    'io',
    `could not be opened: ${messageOf(thrown)}. Check its folder and the limit on open files`,
    thrown,
  )
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

function readOnly(path: string, cause: unknown): StoreError {
  return storeError(
    path,
    'read-only',
    `is read-only to this process. ${KEPT}: allow it to write to the file and its folder, or choose another path`,
    cause,
  )
}

function full(path: string, cause: unknown): StoreError {
  return storeError(
    path,
    'full',
    `cannot grow, because the disk is full. ${KEPT}: free some space and try again`,
    cause,
  )
}

function errcodeOf(thrown: unknown): number | undefined {
  const { errcode } = Object(thrown) as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode : undefined
}

function systemCodeOf(thrown: unknown): unknown {
  return (Object(thrown) as { code?: unknown }).code
}
