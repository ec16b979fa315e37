/** Deleting ended runs. */
import assert from 'node:assert/strict'
import type { InboxItem, Store } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, entry, keys, newRun, note, stored } from './fixtures.ts'

type Status = 'completed' | 'failed' | 'cancelled' | 'blocked'

const event = (run: number): Omit<InboxItem, 'id'> => ({ run, kind: 'event', name: 'e', payload: '1', at: 1 })

/** A run with something of everything, that ended at `at`; that still runs, without a status. */
async function add(
  store: Store,
  id: string,
  status?: Status,
  at = 100,
  parent?: string,
): Promise<{ readonly no: number; readonly epoch: number }> {
  const child = parent === undefined ? {} : { parent: { id: parent, key: id } }
  const claim = await claimed(store, (await store.createRun(newRun(id, child))).run)
  const [consumed] = [await store.post(event(claim.no)), await store.post(event(claim.no))]
  await commit(store, { ...entry(claim, 1), inboxId: consumed.id }, entry(claim, 2), note(claim, 'n'))
  if (status !== undefined) await commit(store, end(claim, status, { at }))
  return claim
}

async function all(store: Store): Promise<string[]> {
  return (await store.listRuns({}, { limit: 1000 })).map(({ id }) => id).toReversed()
}

const LIMIT = 1_000_000

export const pruneCases: readonly StoreCase[] = [
  storeCase('prune deletes what ended before its instant, by status, and keeps the rest', async (store) => {
    for (const status of ['completed', 'failed', 'cancelled', 'blocked'] as const)
      for (const at of [100, 200]) await add(store, `${status}-${at}`, status, at)
    await add(store, 'running')
    await store.createRun(newRun('pending'))
    const everything = await all(store)
    assert.deepEqual(await store.prune({ endedBefore: {}, limit: LIMIT }), { runs: 0, more: false })
    assert.deepEqual(await store.prune({ endedBefore: { completed: 100 }, limit: LIMIT }), {
      runs: 0,
      more: false,
    })
    assert.deepEqual(await all(store), everything)
    const endedBefore = { completed: 200, cancelled: 1000 }
    assert.deepEqual(await store.prune({ endedBefore, limit: LIMIT }), { runs: 3, more: false })
    const gone = new Set(['completed-100', 'cancelled-100', 'cancelled-200'])
    assert.deepEqual(
      await all(store),
      everything.filter((id) => !gone.has(id)),
    )
    assert.equal(await store.getRun('completed-100'), undefined)
  }),

  storeCase('prune deletes a run’s journal, notes and inbox, and nothing of another', async (store) => {
    const [a, b] = [await add(store, 'a', 'completed'), await add(store, 'b')]
    await store.prune({ endedBefore: { completed: 101 }, limit: LIMIT })
    assert.deepEqual(await keys(store, a.no), [])
    assert.deepEqual(await store.readNotes(a.no), [])
    assert.deepEqual(await store.pendingInbox(a.no), [])
    assert.deepEqual(
      (await store.readInbox(0, 10)).map(({ run }) => run),
      [b.no, b.no],
    )
    assert.deepEqual(await keys(store, b.no), ['step-1', 'step-2'])
    assert.equal((await store.readNotes(b.no)).length, 1)
    assert.equal((await store.pendingInbox(b.no)).length, 1)
    await commit(store, entry(b, 3))
  }),

  storeCase('prune deletes children with their parent, and never without it', async (store) => {
    await add(store, 'parent', 'completed', 200)
    await add(store, 'child', 'completed', 100, 'parent')
    await add(store, 'grandchild', 'failed', 300, 'child')
    assert.equal((await store.prune({ endedBefore: { completed: 150, failed: 1000 }, limit: LIMIT })).runs, 0)
    assert.deepEqual(await all(store), ['parent', 'child', 'grandchild'])
    assert.equal((await store.prune({ endedBefore: { completed: 201 }, limit: LIMIT })).runs, 3)
    assert.deepEqual(await all(store), [])
  }),

  storeCase('prune keeps a family while any run in it has not ended', async (store) => {
    const endedBefore = { completed: 1000, failed: 1000, cancelled: 1000 }
    for (const id of ['running', 'pending', 'blocked', 'young']) {
      await add(store, id, 'completed')
      await add(store, `${id}/child`, 'completed', 100, id)
    }
    const grandchild = await add(store, 'running/child/x', undefined, 0, 'running/child')
    await store.createRun(newRun('pending/child/x', { parent: { id: 'pending/child', key: 'k' } }))
    await add(store, 'blocked/child/x', 'blocked', 100, 'blocked/child')
    await add(store, 'unended')
    await add(store, 'unended/child', 'completed', 100, 'unended')
    assert.equal((await store.prune({ endedBefore, limit: LIMIT })).runs, 2)
    assert.equal(await store.getRun('young'), undefined)
    assert.equal((await all(store)).length, 11)
    await commit(store, end(grandchild, 'failed', { at: 5000 }))
    assert.equal((await store.prune({ endedBefore, limit: LIMIT })).runs, 3)
    assert.equal(await store.getRun('running/child'), undefined)
  }),

  storeCase('prune goes on in slices until nothing is left to delete', async (store) => {
    for (let n = 0; n < 7; n++) await add(store, `run-${n}`, 'completed', 100 + n)
    await add(store, 'kept')
    const endedBefore = { completed: 1000 }
    let runs = 0
    let calls = 0
    for (let more = true; more; calls++) {
      const pruned = await store.prune({ endedBefore, limit: 2 })
      more = pruned.more
      runs += pruned.runs
      assert.ok(calls < 200)
    }
    assert.equal(runs, 7)
    assert.ok(calls > 3)
    assert.deepEqual(await all(store), ['kept'])
    assert.deepEqual(
      (await store.readInbox(0, 100)).map(({ run }) => run),
      Array(2).fill((await stored(store, 'kept')).no),
    )
  }),

  storeCase('prune with dryRun counts, and deletes nothing', async (store) => {
    for (let n = 0; n < 5; n++) await add(store, `run-${n}`, 'completed')
    await add(store, 'child', 'failed', 900, 'run-1')
    const request = { endedBefore: { completed: 101 }, limit: 1 }
    assert.deepEqual(await store.prune({ ...request, dryRun: true }), { runs: 6, more: false })
    assert.equal((await all(store)).length, 6)
    assert.equal((await store.prune({ ...request, limit: LIMIT })).runs, 6)
  }),

  storeCase('prune never lets a number of a run or an inbox item be used again', async (store, place) => {
    const old = await add(store, 'a', 'completed')
    const item = await store.lastInboxId()
    await store.prune({ endedBefore: { completed: 101 }, limit: LIMIT })
    assert.equal(await store.lastInboxId(), item)
    const again = (await place.reopen?.()) ?? store
    const { run } = await again.createRun(newRun('a'))
    assert.ok(run.no > old.no)
    assert.ok((await again.post(event(run.no))).id > item)
    // Whoever still holds the deleted run can do nothing with it, nor to the new one.
    const late = entry(old, 3)
    assert.deepEqual((await again.commit([late])).fenced, new Set([late]))
    assert.equal(await again.claim({ no: old.no, epoch: old.epoch, owner: 'x' }), undefined)
    assert.equal(await again.reopen({ no: old.no, epoch: old.epoch, fresh: true }), false)
    await again.release(old)
    assert.deepEqual(await again.readJournal(old.no, 0), [])
    assert.deepEqual(await again.getRun('a'), run)
  }),

  storeCase('prune frees ids: a family can be started again under the same ones', async (store) => {
    await add(store, 'a', 'completed')
    await add(store, 'a/child', 'completed', 100, 'a')
    await store.prune({ endedBefore: { completed: 101 }, limit: 1 })
    const { created } = await store.createRun(newRun('a/child', { parent: { id: 'a', key: 'k' } }))
    assert.equal(created, true)
    assert.deepEqual(await keys(store, (await stored(store, 'a/child')).no), [])
  }),
]
