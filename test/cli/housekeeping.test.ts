import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { commit, end, entry, started } from '../../src/testing/store-cases/fixtures.ts'
import { place, type Place } from './support/cli.ts'

const RUNS = '.ai-workflows/runs.db'

/** Three runs that ended long ago: two completed, one failed. */
async function withRuns(): Promise<Place> {
  const here = place()
  const store = await sqliteStore({ dir: here.path('.ai-workflows') })
  for (const id of ['a', 'b', 'c']) {
    const claim = await started(store, id)
    await commit(store, entry(claim, 1), end(claim, id === 'c' ? 'failed' : 'completed'))
  }
  await store.close()
  return here
}

describe('where there has never been a run', () => {
  test('looking after it creates nothing', async () => {
    const { cli, json, path } = place()
    expect(await json('prune', '--keep', '1d')).toEqual({ runs: 0, dryRun: false })
    for (const args of [['backup', 'copy'], ['doctor']]) {
      const { code, stderr } = await cli(...args)
      expect([code, stderr]).toEqual([3, `error: There is no run database ${path(RUNS)}\n`])
    }
    expect([existsSync(path('.ai-workflows')), existsSync(path('copy'))]).toEqual([false, false])
  })
})

describe('prune', () => {
  test('deletes what is older, by status, and tells before with --dry-run', async () => {
    const { cli, json, path } = await withRuns()
    expect((await cli('prune', '--keep', '7d', '--dry-run')).stderr).toBe('3 runs would be deleted\n')
    expect(await json('prune', '--keep', '7d', '--status', 'failed')).toEqual({ runs: 1, dryRun: false })
    const db = new DatabaseSync(path(RUNS))
    expect(db.prepare('SELECT id FROM runs').all()).toEqual([{ id: 'a' }, { id: 'b' }])
    db.close()
    expect((await cli('prune', '--keep', '7d')).stderr).toBe('Deleted 2 runs\n')
  })

  test.for([
    [['--keep', '30'], /--keep: expected .*duration.*"30"/],
    [['--keep', '1d', '--status', 'running'], /Allowed choices are completed, failed, cancelled/],
    [[], /--keep <duration>' not specified/],
  ] as const)('refuses %j', async ([args, message]) => {
    const { code, stderr } = await place().cli('prune', ...args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})

describe('backup', () => {
  test('makes a copy that is a directory of runs again, and writes over nothing', async () => {
    const { cli, json, path } = await withRuns()
    const report = await json<{ path: string; bytes: number }>('backup', 'copy.db')
    expect(report).toEqual({ path: path('copy.db'), bytes: readFileSync(path('copy.db')).length })
    const again = await cli('backup', 'copy.db')
    expect(again.code).toBe(7)
    expect(again.stderr).toMatch(/^error: .*copy\.db.*choose a name other than/)
    // The drill: put the copy into a directory of its own, look at it, use it.
    mkdirSync(path('restored'))
    writeFileSync(path('restored/runs.db'), readFileSync(path('copy.db')))
    expect((await cli('doctor', '--dir', 'restored')).code).toBe(0)
    expect(await json('list', '--dir', 'restored')).toHaveLength(3)
  })
})

describe('vacuum and doctor', () => {
  test('say what they did and found', async () => {
    const { cli, json } = await withRuns()
    expect((await cli('vacuum', '--full')).stderr).toMatch(/^Gave \d.* back; the file has \d/)
    const healthy = await cli('doctor')
    expect([healthy.code, healthy.stderr]).toEqual([0, expect.stringMatching(/is in order\n$/)])
    expect(healthy.stdout).toMatch(/^3 runs, 3 journal rows; .* free; write-ahead log 0 B\n$/)
    expect(await json('vacuum')).toMatchObject({ needsFull: false })
  })

  test('doctor examines a file that cannot be opened, and exits with 5', async () => {
    const { cli, json, path } = await withRuns()
    const bytes = readFileSync(path(RUNS))
    bytes.fill(0xff, 8192)
    writeFileSync(path(RUNS), bytes)
    expect((await cli('list')).code).toBe(5)
    const { code, stdout, stderr } = await cli('doctor')
    expect([code, stderr]).toEqual([5, expect.stringMatching(/needs a hand\n$/)])
    expect(stdout).toMatch(/^damage: .*\n {2}.*restore a backup\n/)
    writeFileSync(path(RUNS), 'not a database at all, and more than a header of it'.repeat(9))
    expect(await json('doctor')).toMatchObject({
      healthy: false,
      findings: [{ severity: 'problem', message: expect.stringMatching(/not a database/) }],
    })
  })
})
