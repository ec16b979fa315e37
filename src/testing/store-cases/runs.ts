/** Creating runs and finding them again. */
import assert from 'node:assert/strict'
import { type StoreCase, storeCase } from './case.ts'
import { commit, entry, keys, newRun, stored } from './fixtures.ts'

export const runCases: readonly StoreCase[] = [
  storeCase('createRun stores what it is given, pending, unclaimed and not ended', async (store) => {
    const run = newRun('a', { parent: { id: 'p', key: 'p/child' }, source: '/home/eve/orders.ts' })
    const result = await store.createRun(run)
    assert.equal(result.created, true)
    assert.deepEqual(result.run, {
      ...run,
      no: result.run.no,
      status: 'pending',
      output: undefined,
      error: undefined,
      base: 0,
      earlier: [],
      endedAt: undefined,
      owner: undefined,
      epoch: 0,
      wakeAt: undefined,
      dropped: [],
      forkedFrom: undefined,
    })
    assert.deepEqual(await store.getRun('a'), result.run)
  }),

  storeCase('R4 createRun for an owner claims the run in the same write', async (store) => {
    const { run, created } = await store.createRun(newRun('a'), [], 'engine-1')
    assert.equal(created, true)
    assert.deepEqual([run.status, run.owner, run.epoch], ['running', 'engine-1', 1])
    assert.deepEqual(await store.getRun('a'), run)
    assert.equal(await store.claim({ no: run.no, epoch: 0, owner: 'engine-2' }), undefined)
    await commit(store, entry({ no: run.no, epoch: 1 }, 1))
    assert.deepEqual(await keys(store, run.no), ['step-1'])
  }),

  storeCase('R4 createRun for an owner leaves a run that has the id already as it is', async (store) => {
    const first = await store.createRun(newRun('a'))
    const second = await store.createRun(newRun('a'), [], 'engine-1')
    assert.deepEqual(second, { run: first.run, created: false })
    assert.deepEqual(await store.getRun('a'), first.run)
  }),

  storeCase('createRun keeps an absent workflow, parent and source absent', async (store) => {
    await store.createRun(newRun('a', { workflow: undefined }))
    const { workflow, parent, source } = await stored(store, 'a')
    assert.deepEqual([workflow, parent, source], [undefined, undefined, undefined])
  }),

  storeCase('M12 createRun returns the run that has the id already, as it is', async (store) => {
    const first = await store.createRun(newRun('a', { workflow: 'first', input: '1' }))
    await store.claim({ no: first.run.no, epoch: 0, owner: 'engine-1' })
    const second = await store.createRun(newRun('a', { workflow: 'second', input: '2', createdAt: 9 }))
    assert.equal(second.created, false)
    assert.deepEqual(second.run, await stored(store, 'a'))
    assert.equal(second.run.input, '1')
    assert.equal(second.run.status, 'running')
    assert.equal((await store.listRuns({}, { limit: 10 })).length, 1)
  }),

  storeCase('M12 two callers at once get one run, and one of them created it', async (store) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.createRun(newRun('a', { input: `${n}` }))),
    )
    assert.equal(results.filter(({ created }) => created).length, 1)
    const winner = results.find(({ created }) => created)?.run
    for (const { run } of results) assert.deepEqual(run, winner)
    assert.deepEqual(await store.getRun('a'), winner)
  }),

  storeCase('runs get different numbers, small ones, that rise', async (store) => {
    const numbers = []
    for (let n = 0; n < 5; n++) numbers.push((await store.createRun(newRun(`run-${n}`))).run.no)
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(numbers).size, 5)
    assert.ok(numbers.every((no) => Number.isInteger(no) && no > 0 && no < 1000))
  }),

  storeCase('getRun of an unknown id is undefined', async (store) => {
    assert.equal(await store.getRun('nobody'), undefined)
  }),

  storeCase('a caller cannot alter what is stored through what it was given', async (store) => {
    const parent = { id: 'p', key: 'k' }
    const run = { ...newRun('a', { parent }) }
    const { run: created } = await store.createRun(run)
    const before = structuredClone(created)
    run.input = 'changed'
    parent.key = 'changed'
    Reflect.set(created, 'status', 'completed')
    Reflect.set(created.parent ?? {}, 'id', 'changed')
    assert.deepEqual(await store.getRun('a'), before)
  }),
]
