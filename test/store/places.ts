/** Folders, stores and connections for one test, gone with it. */
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import type { StoreError } from '../../src/core/errors.ts'
import type { Clock } from '../../src/core/ports/clock.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { connect } from '../../src/store/sqlite/connection.ts'
import { sqliteStore, type SqliteStoreOptions, storeOver } from '../../src/store/sqlite/index.ts'
import { systemRandom } from '../../src/core/system-random.ts'
import { systemClock } from '../../src/core/system-clock.ts'
import type { StorePlace } from '../../src/testing/store-suite.ts'
import { folder } from '../support/folder.ts'

export async function open(options: SqliteStoreOptions): Promise<Store> {
  const store = await sqliteStore(options)
  onTestFinished(() => store.close())
  return store
}

export async function temporaryStore(options: Omit<SqliteStoreOptions, 'dir' | 'file'>): Promise<StorePlace> {
  const dir = folder()
  let store = await sqliteStore({ ...options, dir })
  return {
    store,
    async reopen() {
      await store.close()
      store = await sqliteStore({ ...options, dir })
      return store
    },
    dispose: () => store.close(),
  }
}

/** A store and, for making things go wrong, its own connection. */
export async function openWithConnection(file: string): Promise<{ store: Store; db: DatabaseSync }> {
  const patience = { clock: systemClock, random: systemRandom, limit: 5000 }
  const connection = await connect(file, 'full', patience)
  const store = storeOver(connection, patience)
  onTestFinished(() => store.close())
  return { store, db: connection.db }
}

/** Somebody else's connection to a file. */
export function rawDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  onTestFinished(() => {
    if (db.isOpen) db.close()
  })
  return db
}

/** Time passes only while somebody waits for it; each wait is one turn of the event loop. */
export function turnClock(): Clock & { waits: number } {
  let time = 0
  return {
    waits: 0,
    now: () => time,
    steady: () => time,
    schedule(at, fire) {
      this.waits++
      setImmediate(() => {
        time = Math.max(time, at)
        fire()
      })
      return () => undefined
    },
    after(delay, fire) {
      return this.schedule(time + delay, fire)
    },
    every: () => () => undefined,
  }
}

export async function failure(promise: Promise<unknown>): Promise<StoreError> {
  return promise.then(
    () => {
      throw new Error('did not fail')
    },
    (error: StoreError) => error,
  )
}
