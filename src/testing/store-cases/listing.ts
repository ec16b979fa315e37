/** Listing runs: order, filters, pages. */
import assert from 'node:assert/strict'
import type { RunFilter, RunStatus, Store } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, newRun } from './fixtures.ts'

const ids = async (store: Store, filter: RunFilter, limit = 100): Promise<string[]> =>
  (await store.listRuns(filter, { limit })).map(({ id }) => id)

/** One run for each status, of two workflows, the later three children of the first. */
async function fill(store: Store): Promise<void> {
  const statuses = ['completed', 'failed', 'cancelled', 'blocked', 'running', 'pending'] as const
  for (const [index, status] of statuses.entries()) {
    const { run } = await store.createRun(
      newRun(status, {
        workflow: index % 2 === 0 ? 'even' : 'odd',
        parent: index < 3 ? undefined : { id: 'completed', key: 'child' },
      }),
    )
    if (status === 'pending') continue
    const claim = await claimed(store, run)
    if (status !== 'running') await commit(store, end(claim, status))
  }
}

export const listingCases: readonly StoreCase[] = [
  storeCase('listRuns is newest first, by number and not by time', async (store) => {
    for (const [n, id] of ['a', 'b', 'c'].entries())
      await store.createRun(newRun(id, { createdAt: 1000 - n }))
    assert.deepEqual(await ids(store, {}), ['c', 'b', 'a'])
  }),

  storeCase('listRuns returns whole records', async (store) => {
    await fill(store)
    for (const run of await store.listRuns({}, { limit: 10 }))
      assert.deepEqual(run, await store.getRun(run.id))
  }),

  storeCase('listRuns filters by each status and by several', async (store) => {
    await fill(store)
    for (const status of ['pending', 'running', 'completed', 'failed', 'cancelled', 'blocked'] as const) {
      assert.deepEqual(await ids(store, { status: [status] }), [status])
    }
    assert.deepEqual(await ids(store, { status: ['completed', 'pending', 'failed'] }), [
      'pending',
      'failed',
      'completed',
    ])
    assert.deepEqual(await ids(store, { status: ['failed', 'failed'] }), ['failed'])
    assert.deepEqual(await ids(store, { status: [] }), [])
  }),

  storeCase('listRuns filters by workflow, exactly', async (store) => {
    await fill(store)
    await store.createRun(newRun('nameless', { workflow: undefined }))
    assert.deepEqual(await ids(store, { workflow: 'odd' }), ['pending', 'blocked', 'failed'])
    assert.deepEqual(await ids(store, { workflow: 'od' }), [])
    assert.deepEqual(await ids(store, { workflow: 'ODD' }), [])
  }),

  storeCase('listRuns filters by parent, and null means that there is none', async (store) => {
    await fill(store)
    assert.deepEqual(await ids(store, { parent: 'completed' }), ['pending', 'running', 'blocked'])
    assert.deepEqual(await ids(store, { parent: null }), ['cancelled', 'failed', 'completed'])
    assert.deepEqual(await ids(store, { parent: 'nobody' }), [])
  }),

  storeCase('listRuns combines its filters', async (store) => {
    await fill(store)
    const status: RunStatus[] = ['running', 'blocked', 'failed']
    assert.deepEqual(await ids(store, { status, workflow: 'odd' }), ['blocked', 'failed'])
    assert.deepEqual(await ids(store, { status, parent: null }), ['failed'])
    assert.deepEqual(await ids(store, { status, parent: 'completed' }), ['running', 'blocked'])
    assert.deepEqual(await ids(store, { workflow: 'odd', parent: null }), ['failed'])
    assert.deepEqual(await ids(store, { status, workflow: 'odd', parent: 'completed' }), ['blocked'])
  }),

  storeCase('listRuns sees a status as it is now', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    assert.deepEqual(await ids(store, { status: ['pending'] }), ['a'])
    const claim = await claimed(store, run)
    assert.deepEqual(await ids(store, { status: ['pending'] }), [])
    assert.deepEqual(await ids(store, { status: ['running'] }), ['a'])
    await commit(store, end(claim, 'failed'))
    assert.deepEqual(await ids(store, { status: ['running'] }), [])
    assert.deepEqual(await ids(store, { status: ['failed'] }), ['a'])
  }),

  storeCase('listRuns in pages gives every run once, whatever is created meanwhile', async (store) => {
    const expected = []
    for (let n = 0; n < 25; n++) {
      const { run } = await store.createRun(newRun(`run-${n}`, { workflow: n % 3 === 0 ? 'third' : 'other' }))
      if (n % 4 === 0) await claimed(store, run)
      expected.unshift(run.id)
    }
    for (const filter of [{}, { status: ['pending', 'running'] }, { parent: null }] satisfies RunFilter[]) {
      const seen: string[] = []
      for (let before = Infinity, pages = 0; pages < 20; pages++) {
        const page = await store.listRuns(filter, before === Infinity ? { limit: 4 } : { limit: 4, before })
        seen.push(...page.map(({ id }) => id))
        await store.createRun(
          newRun(`late-${seen.length}-${Object.keys(filter).join()}`, { workflow: 'late' }),
        )
        const last = page.at(-1)
        if (last === undefined) break
        before = last.no
      }
      assert.deepEqual(
        seen.filter((id) => id.startsWith('run-')),
        expected,
      )
      assert.equal(new Set(seen).size, seen.length)
    }
  }),

  storeCase('listRuns returns at most limit', async (store) => {
    for (let n = 0; n < 5; n++) await store.createRun(newRun(`run-${n}`))
    assert.deepEqual(await ids(store, {}, 2), ['run-4', 'run-3'])
    assert.deepEqual(await ids(store, { status: ['pending', 'failed'] }, 2), ['run-4', 'run-3'])
    assert.deepEqual(await ids(store, {}, 0), [])
  }),
]
