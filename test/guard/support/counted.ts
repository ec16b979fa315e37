/** A store on SQLite that counts what its statements do: the same work gives the same counts on every machine. */
import type { StatementSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import type { Store } from '../../../src/core/ports/store.ts'
import { systemClock } from '../../../src/core/system-clock.ts'
import { systemRandom } from '../../../src/core/system-random.ts'
import { connect, fileIn } from '../../../src/store/sqlite/connection.ts'
import { storeOver } from '../../../src/store/sqlite/index.ts'

export interface Count {
  calls: number
  /** Given back by all calls. */
  rows: number
  /** Given back by the call that gave back most. */
  most: number
}

export interface CountedStore {
  readonly store: Store
  /** By text, of every statement that was executed since the last time. Transactions are left out: who shares one is a matter of time. */
  counts(): ReadonlyMap<string, Count>
  /** Transactions that wrote, since the last time. */
  commits(): number
}

export async function countedStore(dir: string): Promise<CountedStore> {
  const patience = { clock: systemClock, random: systemRandom, limit: 5000 }
  const connection = await connect(fileIn(dir), 'process-crash', patience)
  let counts = new Map<string, Count>()
  let commits = 0
  const { db } = connection
  const exec = db.exec.bind(db)
  db.exec = (sql) => {
    exec(sql)
    if (sql === 'COMMIT') commits++
  }
  const executed = (sql: string, rows: number): void => {
    if (sql === 'COMMIT') commits++
    const count = counts.get(sql) ?? { calls: 0, rows: 0, most: 0 }
    counts.set(sql, {
      calls: count.calls + 1,
      rows: count.rows + rows,
      most: Math.max(count.most, rows),
    })
  }
  const prepare = (sql: string): StatementSync => counting(connection.prepare(sql), sql, executed)
  const store = storeOver({ ...connection, prepare }, patience)
  onTestFinished(() => store.close())
  return {
    store,
    counts: () => {
      const all = [...counts].filter(
        ([sql]) => !/^\s*(BEGIN|COMMIT|ROLLBACK|PRAGMA|SAVEPOINT|RELEASE)/i.test(sql),
      )
      counts = new Map()
      return new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    },
    commits: () => {
      const since = commits
      commits = 0
      return since
    },
  }
}

const EXECUTES = ['run', 'get', 'all', 'iterate']

function counting(
  statement: StatementSync,
  sql: string,
  executed: (sql: string, rows: number) => void,
): StatementSync {
  return new Proxy(statement, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args)
        if (!EXECUTES.includes(String(property))) return result
        if (property === 'iterate') return passing(result as Iterable<unknown>, (rows) => executed(sql, rows))
        const row = property === 'get' && result !== undefined ? 1 : 0
        executed(sql, Array.isArray(result) ? result.length : row)
        return result
      }
    },
  })
}

/** Gives the rows on, and says how many were taken. */
function* passing(rows: Iterable<unknown>, ended: (rows: number) => void): Generator {
  let count = 0
  try {
    for (const row of rows) {
      count++
      yield row
    }
  } finally {
    ended(count)
  }
}
