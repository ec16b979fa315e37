import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PIECE } from '../../src/store/sqlite/pieces.ts'
import { pruneVerbs } from '../../src/store/sqlite/prune.ts'
import {
  claimed,
  commit,
  end,
  entry,
  newRun,
  rejectsWith,
  stepDone,
} from '../../src/testing/store-cases/fixtures.ts'
import { openWithConnection } from './places.ts'
import { folder } from '../support/folder.ts'

describe('prune', () => {
  it('finds everything by an index, and sorts nothing', async () => {
    const { db } = await openWithConnection(join(folder(), 'runs.db'))
    const statements: string[] = []
    pruneVerbs({
      prepare(sql) {
        statements.push(sql)
        return db.prepare(sql)
      },
      read: async (work) => work(),
      write: async (work) => work(),
    })
    const steps = statements
      .filter((sql) => !sql.startsWith('INSERT'))
      .flatMap((sql) => db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
      .map((step) => String(step['detail']))
    expect(steps.length).toBeGreaterThanOrEqual(statements.length)
    // `pruned` itself holds only what is left to delete.
    for (const step of steps.filter((step) => step !== 'SCAN pruned'))
      expect(step).toMatch(/^(SEARCH \w+ USING|LIST SUBQUERY)/)
  })

  it('that a crash or a failure interrupts goes on where it was, and no number is used again', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    const claim = await claimed(store, (await store.createRun(newRun('a'))).run)
    const inPieces = stepDone('large', 'x'.repeat(3 * PIECE))
    const entries = Array.from({ length: 20 }, (_, n) => entry(claim, n + 1, n === 3 ? inPieces : undefined))
    await commit(store, ...entries, end(claim, 'completed'))
    const request = { endedBefore: { completed: 3001 }, limit: 5 }
    expect(await store.prune(request)).toEqual({ runs: 1, more: true })
    expect((await store.readJournal(claim.no, 0)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 16 }, (_, n) => n + 1),
    )
    db.exec('PRAGMA query_only = 1')
    await rejectsWith('read-only', store.prune(request))
    db.exec('PRAGMA query_only = 0')
    let calls = 0
    while ((await store.prune(request)).more) calls++
    expect(calls).toBeGreaterThan(2)
    const left = ['runs', 'journal', 'pieces', 'notes', 'inbox', 'zombies', 'pruned'].map(
      (table) => db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'],
    )
    expect(left).toEqual([0, 0, 0, 0, 0, 0, 0])
    expect((await store.createRun(newRun('a'))).run.no).toBe(claim.no + 1)
  })
})
