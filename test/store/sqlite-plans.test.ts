import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/core/system-clock.ts'
import { systemRandom } from '../../src/core/system-random.ts'
import type { RunFilter, RunStatus } from '../../src/core/ports/store.ts'
import { connect, fileIn } from '../../src/store/sqlite/connection.ts'
import { storeOver } from '../../src/store/sqlite/index.ts'
import { listQuery } from '../../src/store/sqlite/listing.ts'
import { folder } from '../support/folder.ts'

// What a verb costs must not depend on how many runs the database holds: no statement may look at a whole table, or sort
// what it found. (`doctor` and `backup` do, and have connections of their own.)

/** Small whatever the database holds: engines that are alive, what one `prune` has not done with, tables, a list that was given. */
const SMALL = ['owners', 'pruned', 'sqlite_sequence', 'json_each', 'CONSTANT']

const STATUSES: readonly (readonly RunStatus[] | undefined)[] = [
  undefined,
  ['completed'],
  ['pending', 'running'],
]

function* listings(): Generator<string> {
  for (const status of STATUSES)
    for (const workflow of [undefined, 'orders'])
      for (const parent of [undefined, null, 'run']) {
        const filter: RunFilter = {
          ...(status && { status }),
          ...(workflow !== undefined && { workflow }),
          ...(parent !== undefined && { parent }),
        }
        for (const brief of [false, true]) {
          const query = listQuery(filter, { limit: 10, brief })
          if (query !== undefined) yield query.sql
        }
      }
}

test('no statement of the store scans a table or sorts', async () => {
  const patience = { clock: systemClock, random: systemRandom, limit: 0 }
  const connection = await connect(fileIn(folder()), 'process-crash', patience)
  onTestFinished(() => connection.db.close())
  const statements = new Set<string>(listings())
  const prepare = (sql: string): ReturnType<typeof connection.prepare> => {
    statements.add(sql)
    return connection.prepare(sql)
  }
  storeOver({ ...connection, prepare }, patience)
  expect(statements.size).toBeGreaterThan(60)

  const planOf = (sql: string): string[] => {
    const rows = connection.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
    return rows.map(({ detail }) => String(detail))
  }
  // The check sees what it is to see.
  expect(planOf("SELECT * FROM journal WHERE key = 'a'").filter(isSlow)).toEqual(['SCAN journal'])
  expect(planOf('SELECT * FROM runs ORDER BY created_at').filter(isSlow)).toHaveLength(2)

  const slow = [...statements]
    .filter((sql) => !/^\s*PRAGMA/.test(sql))
    .flatMap((sql) =>
      planOf(sql)
        .filter(isSlow)
        .map((detail) => `${detail}: ${sql}`),
    )
  expect(slow).toEqual([])
})

function isSlow(detail: string): boolean {
  const scanned = /^SCAN (\S+)/.exec(detail)?.[1]
  if (scanned !== undefined) return !SMALL.includes(scanned)
  return detail.startsWith('USE TEMP B-TREE')
}
