/** What recording a step costs with nothing around it: one row, and a promise that resolves after the commit. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CRASHED, pooled, sum } from '../../../contender.ts'
import type { Place, Session } from '../../../contender.ts'

const SCHEMA = `create table if not exists steps (run text not null, seq integer not null, name text not null,
  status integer not null, output text, started integer, ended integer, primary key (run, seq)) without rowid`

interface Row {
  readonly run: string
  readonly index: number
  readonly value: number
  readonly recorded: () => void
}

export function openFloor({ directory, task }: Place, rowsPerTransaction: number): Session {
  const database = new DatabaseSync(join(directory, 'floor.db'))
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec(SCHEMA)
  const insert = database.prepare('insert into steps values (?, ?, ?, ?, ?, ?, ?)')
  const write = ({ run, index, value }: Omit<Row, 'recorded'>): void => {
    insert.run(run, index, `step-${index}`, 1, JSON.stringify(value), Date.now(), Date.now())
  }
  const record = rowsPerTransaction === 1 ? write : batched(database, write, rowsPerTransaction)

  const step = async (run: string, index: number): Promise<number> => {
    const value = await task(index)
    await record({ run, index, value })
    return value
  }
  const sequence = async (steps: number, run: string, from = 0, before = 0): Promise<number> => {
    let total = before
    for (let index = from; index < steps; index++) total += await step(run, index)
    return total
  }
  return {
    sequence: (steps, id) => sequence(steps, id),
    fanOut: async (steps, concurrency, id) =>
      sum(await pooled(steps, (index) => step(id, index), concurrency)),
    resume: async (steps) => {
      const rows = database.prepare('select output from steps where run = ? order by seq').all(CRASHED)
      const recorded = rows.map(({ output }) => Number(JSON.parse(String(output))))
      return sequence(steps, CRASHED, recorded.length, sum(recorded))
    },
    recorded: async () => Number(database.prepare('select count(*) as n from steps').get()?.n),
    close: () => database.close(),
  }
}

/** Rows wait for each other until there are enough, or the turn of the event loop ends. */
function batched(database: DatabaseSync, write: (row: Row) => void, enough: number) {
  let waiting: Row[] = []
  const flush = (): void => {
    const rows = waiting
    if (rows.length === 0) return
    waiting = []
    database.exec('begin immediate')
    for (const row of rows) write(row)
    database.exec('commit')
    for (const { recorded } of rows) recorded()
  }
  return (row: Omit<Row, 'recorded'>): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (waiting.push({ ...row, recorded: resolve }) >= enough) flush()
    else if (waiting.length === 1) setImmediate(flush)
    return promise
  }
}
