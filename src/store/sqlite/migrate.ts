/** Brings a database to the newest schema. Any number of processes may do so at once. */
import type { DatabaseSync } from 'node:sqlite'
import { APPLICATION_ID, readIdentity, requireOurs } from './identity.ts'
import { LATEST, migrations } from './migrations/index.ts'
import { transaction } from './transaction.ts'

/** Each migration is one transaction, which looks again how far the database is: another process may have done it. */
export function migrate(db: DatabaseSync, path: string): void {
  let version: number
  do {
    version = transaction(db, () => {
      const identity = readIdentity(db)
      requireOurs(path, identity)
      const next = migrations.find((migration) => migration.version > identity.version)
      if (next !== undefined) db.exec(next.sql)
      const reached = next?.version ?? identity.version
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${reached}`)
      return reached
    })
  } while (version < LATEST)
}
