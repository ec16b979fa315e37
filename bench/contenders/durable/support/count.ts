import { DatabaseSync } from 'node:sqlite'

/** The number that a query comes to in an SQLite file that somebody else has open. */
export function countIn(file: string, query: string): number {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    return Number(Object.values(database.prepare(query).get() ?? {})[0])
  } finally {
    database.close()
  }
}
