import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createEngine, workflow } from 'ai-workflows'
import { httpApi } from 'ai-workflows/server'
import type { RunFilter, Page } from 'ai-workflows'
import { listQuery } from '../../src/store/sqlite/listing.ts'
import { folder } from '../support/folder.ts'
import { listening } from './support/listening.ts'

const RUNS = 200_000

const noop = workflow({ name: 'first', execute: () => 1 })

/** What the API asked of the store for one request, and how much it was given. */
async function many() {
  const dir = folder()
  const engine = createEngine({ dir })
  onTestFinished(() => engine.stop({ grace: 0 }))
  await noop.run(undefined, { engine, id: 'the-first' })
  const db = new DatabaseSync(join(dir, 'runs.db'))
  onTestFinished(() => db.close())
  db.exec(`
    INSERT INTO runs (id, workflow, status, input, seed, base, notes_base, created_at, ended_at, epoch)
    WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ${RUNS})
    SELECT 'run-' || at, 'flow-' || (at % 7), iif(at % 1000 = 0, 'failed', 'completed'), 'null', '', 0, 0, at, at, 1 FROM n`)
  const asked: { filter: RunFilter; page: Page; got: number }[] = []
  const watched = Object.create(engine, {
    list: {
      value: async (filter: RunFilter, page: Page) => {
        const runs = await engine.list(filter, page)
        asked.push({ filter, page, got: runs.length })
        return runs
      },
    },
    // Private fields are the engine's own.
    ...Object.fromEntries(
      (
        [
          'lookUp',
          'executorOf',
          'inspect',
          'mark',
          'journal',
          'start',
          'get',
          'find',
          'takeUp',
          'on',
        ] as const
      ).map((name) => [name, { value: engine[name].bind(engine) }]),
    ),
  }) as typeof engine
  return { ...(await listening(httpApi(watched))), asked, db }
}

test(`of ${RUNS} runs a page is read along an index, and no request looks at more than a bounded part`, async () => {
  const { get, asked, db } = await many()
  const ids = async (query: string): Promise<string[]> =>
    (await get(`/api/runs?${query}`)).body.runs.map(({ id }: { id: string }) => id)
  expect(await ids('limit=2')).toEqual([`run-${RUNS}`, `run-${RUNS - 1}`])
  expect(await ids('limit=1&before=2')).toEqual(['the-first'])
  expect(await ids('status=failed&workflow=flow-3&limit=1')).toHaveLength(1)
  expect(await ids('status=interrupted')).toEqual([])
  expect(await ids('parent=none&limit=3')).toHaveLength(3)
  expect(await ids('parent=run-1')).toEqual([])
  expect(await ids('search=the-first')).toEqual(['the-first'])

  const before = asked.length
  const { runs, next } = (await get('/api/runs?search=nothing-has-this')).body
  expect([runs, next]).toEqual([[], RUNS + 2 - 2000])
  expect(asked.slice(before).reduce((sum, { got }) => sum + got, 0)).toBe(2000)

  const plans = asked.flatMap(({ filter, page }) => {
    const query = listQuery(filter, page)
    if (query === undefined) return []
    return db
      .prepare(`EXPLAIN QUERY PLAN ${query.sql}`)
      .all(query.values)
      .map(({ detail }) => String(detail))
  })
  expect(plans).toContainEqual(expect.stringContaining('SEARCH runs USING INTEGER PRIMARY KEY'))
  expect(plans).toContainEqual(expect.stringContaining('SEARCH runs USING INDEX runs_by_workflow'))
  expect(plans.filter((detail) => /^SCAN runs|TEMP B-TREE/.test(detail))).toEqual([])
})
