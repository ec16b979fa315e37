/** One transaction: all of `body` or nothing of it. Synchronous, so no other work of this process comes between. */
import type { DatabaseSync } from 'node:sqlite'

/** IMMEDIATE: one that starts reading and then writes can fail half way, when another process wrote in between. */
export function transaction<T>(db: DatabaseSync, body: () => T): T {
  rollBack(db)
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = body()
    db.exec('COMMIT')
    return result
  } catch (error) {
    rollBack(db)
    throw error
  }
}

/**
 * After some failures (a full disk is one) SQLite has rolled back by itself, and a ROLLBACK would throw and hide
 * the cause. One that fails is tried again by the next transaction.
 */
function rollBack(db: DatabaseSync): void {
  if (!db.isTransaction) return
  try {
    db.exec('ROLLBACK')
  } catch {
    // What matters is what made it necessary.
  }
}
