/** The store of the embedded engine: one SQLite file, built into Node.js, for any number of processes on one machine. */
import { resolve } from 'node:path'
import { anything, type Check, checkOptions, duration, oneOf } from '../../core/check.ts'
import { type Duration, milliseconds, show } from '../../core/duration.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { Random } from '../../core/ports/random.ts'
import type { Store } from '../../core/ports/store.ts'
import { access } from './access.ts'
import { claimVerbs } from './claims.ts'
import { commitVerbs } from './commit.ts'
import { type Connection, connect, type Durability, fileIn } from './connection.ts'
import { asStoreError } from './errors.ts'
import { inboxVerbs } from './inbox.ts'
import { journalVerbs } from './journal.ts'
import { listVerbs } from './listing.ts'
import { maintenanceVerbs } from './maintenance.ts'
import { markVerbs } from './marks.ts'
import { openRunVerbs } from './open-runs.ts'
import { ownerVerbs } from './owners.ts'
import { pruneVerbs } from './prune.ts'
import { systemClock } from '../../core/system-clock.ts'
import { systemRandom } from '../../core/system-random.ts'
import type { Patience } from './patience.ts'
import { runVerbs } from './runs.ts'
import { zombieVerbs } from './zombies.ts'

export interface SqliteStoreOptions {
  /** The folder that holds `runs.db`; created if need be, for this user only. Either this or `file`. */
  readonly dir?: string
  /** The database file itself, in a folder that exists. Either this or `dir`. */
  readonly file?: string
  /**
   * What an acknowledged write survives (R2). `full`: a power failure. `process-crash`: the end of the process, but
   * a power failure may take the last few seconds with it; commits are several times cheaper.
   * @default 'full'
   */
  readonly durability?: Durability
  /**
   * For how long one call waits while another process holds the database's lock.
   * @default '5s'
   */
  readonly lockTimeout?: Duration
  /** Measures `lockTimeout`. */
  readonly clock?: Clock
  /** Spreads the tries of several processes for the lock. */
  readonly random?: Random
}

/** @throws StoreError when the file cannot be used; TypeError when the options are wrong. */
export async function sqliteStore(options: SqliteStoreOptions): Promise<Store> {
  requireOptions(options)
  const {
    dir,
    file,
    durability = 'full',
    lockTimeout = '5s',
    clock = systemClock,
    random = systemRandom,
  } = options
  const patience: Patience = { clock, random, limit: milliseconds(lockTimeout, 'lockTimeout') }
  const location = dir === undefined ? resolve(file ?? '') : fileIn(dir)
  return storeOver(await connect(location, durability, patience), patience)
}

/** @internal For tests that need the connection too. */
export function storeOver(connection: Connection, patience: Patience): Store {
  try {
    const verbs = access(connection, patience)
    return {
      location: connection.path,
      ...runVerbs(verbs),
      ...listVerbs(verbs),
      ...claimVerbs(verbs),
      ...commitVerbs(verbs),
      ...journalVerbs(verbs),
      ...inboxVerbs(verbs),
      ...ownerVerbs(verbs),
      ...pruneVerbs(verbs),
      ...maintenanceVerbs(verbs, connection, patience),
      ...openRunVerbs(verbs),
      ...zombieVerbs(verbs),
      ...markVerbs(verbs),
      close: () => verbs.close(),
    }
  } catch (error) {
    connection.db.close()
    throw asStoreError(error, connection.path)
  }
}

const CHECKS: Readonly<Record<keyof SqliteStoreOptions, Check>> = {
  dir: path,
  file: path,
  durability: oneOf('full', 'process-crash'),
  lockTimeout: duration,
  clock: anything,
  random: anything,
}

function requireOptions(options: SqliteStoreOptions): void {
  checkOptions('sqliteStore()', options, CHECKS)
  if ((options?.dir === undefined) === (options?.file === undefined)) {
    throw new TypeError(`sqliteStore(): expected either a dir or a file, got ${show(options)}`)
  }
}

function path(value: unknown, what: string): void {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`${what}: expected a path, got ${show(value)}`)
  if (value === ':memory:')
    throw new TypeError(`${what}: expected a path, got ':memory:'; memoryStore() needs no file`)
}
