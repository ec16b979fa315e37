/**
 * What costs depend on how many runs the database holds: `runs.ts [--runs 1,10000,1000000]`. Fills a database with that
 * many ended runs through its own schema, opens an engine over it, and measures each verb by itself. Prints one JSON line
 * `{ series, x, value, unit }` for each figure: the median of a few dozen calls.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { createEngine, step, workflow } from 'ai-workflows'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { print } from './print.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1,10000,1000000' },
    dir: { type: 'string', default: tmpdir() },
  },
})

const CALLS = 31

/** Most have completed; of every hundred one has failed, one is blocked, and ten are children. Each has an entry. */
const FILL = `
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
  INSERT INTO runs (id, workflow, status, input, output, parent, parent_key, seed, base, notes_base, created_at, ended_at, epoch)
  SELECT 'filler-' || n, 'filler-' || (n % 20), CASE n % 100 WHEN 0 THEN 'failed' WHEN 1 THEN 'blocked' ELSE 'completed' END,
    '1', '1', iif(n % 10 = 5, 'filler-' || (n - 1), NULL), iif(n % 10 = 5, 'child', NULL),
    '00000000000000000000000000000000', 0, 0, n, n, 1
  FROM numbers`
const FILL_JOURNAL = `
  INSERT INTO journal (run, seq, kind, key, at, attempt, started_at, payload, crc)
  SELECT no, 1, 'step-done', 'step', no, 1, no, '1', 0 FROM runs WHERE id LIKE 'filler-%'`

async function fill(dir: string, count: number): Promise<void> {
  await (await sqliteStore({ dir })).close()
  const db = new DatabaseSync(join(dir, 'runs.db'))
  db.exec('PRAGMA synchronous = OFF')
  db.prepare(FILL).run({ count })
  db.exec(FILL_JOURNAL)
  db.close()
}

const greet = workflow({
  name: 'greet',
  execute: async (_ctx, n: number) => await step('double', () => n * 2),
})

async function measure(dir: string, count: number): Promise<void> {
  const say = (series: string, value: number, unit = 'ms'): void => print(series, count, value, unit)
  const median = async (series: string, call: (at: number) => Promise<unknown>): Promise<void> => {
    const times: number[] = []
    for (let at = 0; at < CALLS; at++) {
      const begun = performance.now()
      await call(at)
      times.push(performance.now() - begun)
    }
    say(series, times.toSorted((a, b) => a - b)[CALLS >> 1] ?? NaN)
  }
  say('size of the file', statSync(join(dir, 'runs.db')).size / 1e6, 'MB')
  await median('open and close', async () => {
    await (await sqliteStore({ dir })).close()
  })
  const store = await sqliteStore({ dir })
  const engine = createEngine({ store })
  const result = await greet.run(20, { engine, id: 'first' })
  if (result !== 40) throw new Error(`the run did not do its work: ${String(result)}`)
  await median('start', (at) => greet.start(at, { engine, id: `started-${at}` }))
  await median('run of one step', (at) => greet.run(at, { engine, id: `run-${at}` }))
  await median('status', () => engine.find('first').status())
  await median('show', () => engine.inspect('first'))
  await median('list', () => engine.list())
  await median('list, failed', () => engine.list({ status: ['failed'] }))
  await median('list, running', () => engine.list({ status: ['pending', 'running', 'waiting'] }))
  await median('list, of a workflow', () => engine.list({ workflow: 'filler-7' }))
  await median('list, without parent', () => engine.list({ parent: null }))
  await median('list, children', () => engine.list({ parent: 'filler-4' }))
  await median('list, half way', () => engine.list({}, { limit: 100, before: count >> 1 }))
  await median('resume, nothing to do', () => engine.resume([greet]))
  await median('look for idle runs', () => store.idleRuns('greet', Date.now(), 64))
  await median('look for due runs', () => store.dueRuns('nobody', Date.now(), 64))
  await median('next due', () => store.nextDue('nobody'))
  await median('adopt waiting runs', () => store.adoptWaiting('greet', 'nobody'))
  const old = { completed: 0, failed: 0, cancelled: 0 }
  await median('prune, nothing to do', () => store.prune({ endedBefore: old, limit: 1000 }))
  await engine.work([greet])
  await engine.stop()
}

for (const count of values.runs.split(',').map(Number)) {
  const dir = mkdtempSync(join(values.dir, 'growth-'))
  try {
    await fill(dir, count)
    await measure(dir, count)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
