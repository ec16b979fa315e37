import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commit, end, entry, rejectsWith, started, stepDone } from '../../src/testing/store-cases/fixtures.ts'
import { openWithConnection } from './places.ts'
import { folder } from '../support/folder.ts'

const MEGABYTE = 1024 * 1024

describe('R5 large values', () => {
  it(
    'of 200 MB are committed and read back, and leave no long log behind',
    { timeout: 300_000 },
    async () => {
      const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
      db.exec('PRAGMA synchronous = OFF')
      const claim = await started(store, 'a')
      const payload = 'x'.repeat(200 * MEGABYTE)
      await commit(store, entry(claim, 1, stepDone('k', payload)), end(claim, 'completed'))
      const [read] = await store.readJournal(claim.no, 0)
      expect(read?.completion.kind === 'step-done' && read.completion.payload === payload).toBe(true)
      expect(statSync(`${store.location}-wal`).size).toBeLessThanOrEqual(16 * MEGABYTE)
    },
  )

  it('beyond what SQLite takes are refused as such, alone', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    const claims = await Promise.all(['a', 'b', 'c'].map((id) => started(store, id)))
    db.limits.length = 100_000
    const tooLarge = 'x'.repeat(200_000)
    const [, large] = claims
    const outcomes = await Promise.allSettled(
      claims.map((claim) =>
        store.commit([entry(claim, 1, stepDone('k', claim === large ? tooLarge : 'small'))]),
      ),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const error = await rejectsWith('unsupported', store.commit([entry(large!, 1, stepDone('k', tooLarge))]))
    expect(error.message).toMatch(/cannot hold a value this large/)
    await commit(store, entry(large!, 1))
  })
})
