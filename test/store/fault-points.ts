/** A connection that fails at a named point, once, as a test arms it. */
import type { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import type { Store } from '../../src/core/ports/store.ts'
import { systemClock } from '../../src/core/system-clock.ts'
import { connect } from '../../src/store/sqlite/connection.ts'
import { storeOver } from '../../src/store/sqlite/index.ts'
import { systemRandom } from '../../src/core/system-random.ts'

/** `before-commit`: nothing of the transaction is in the file. `after-commit`: all of it is. Nobody is told either way. */
export type FaultPoint = 'before-commit' | 'after-commit'

/** What SQLite throws: an I/O error at a sync, and a full disk. */
const ERRORS = {
  io: Object.assign(new Error('disk I/O error'), { errcode: 1034 }),
  full: Object.assign(new Error('database or disk is full'), { errcode: 13 }),
} as const

export interface FaultyStore {
  readonly store: Store
  /** Fails at the point, at the commit after the next `after` ones. */
  arm(point: FaultPoint, error: keyof typeof ERRORS, after?: number): void
}

export async function faultyStore(file: string): Promise<FaultyStore> {
  const patience = { clock: systemClock, random: systemRandom, limit: 5000 }
  const connection = await connect(file, 'full', patience)
  let armed: { point: FaultPoint; error: Error; left: number } | undefined
  const fail = (point: FaultPoint): void => {
    if (armed?.point !== point || armed.left-- > 0) return
    const { error } = armed
    armed = undefined
    throw error
  }
  const { db } = connection
  const faulty = {
    get isTransaction() {
      return db.isTransaction
    },
    get isOpen() {
      return db.isOpen
    },
    prepare: (sql: string) => db.prepare(sql),
    close: () => db.close(),
    exec(sql: string) {
      if (sql !== 'COMMIT') return db.exec(sql)
      fail('before-commit')
      db.exec(sql)
      fail('after-commit')
    },
  }
  const store = storeOver({ ...connection, db: faulty as unknown as DatabaseSync }, patience)
  onTestFinished(() => store.close())
  return {
    store,
    arm(point, error, after = 0) {
      armed = { point, error: ERRORS[error], left: after }
    },
  }
}
