/** Runs that only wait: put away, found when they are due, and woken by what happens to them (R7). */
import assert from 'node:assert/strict'
import type { Claim, Park, RunRecord, Store } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, entry, newRun, started, stored } from './fixtures.ts'

function park(claim: Claim, rest: Partial<Park> = {}): Park {
  return { kind: 'park', claim, seq: 0, pending: 0, children: [], wakeAt: 5000, ...rest }
}

async function waiting(
  store: Store,
  id: string,
  wakeAt: number | undefined,
  owner = 'engine-1',
): Promise<Claim> {
  const claim = await started(store, id, owner)
  await commit(store, park(claim, { wakeAt }))
  return claim
}

async function declined(store: Store, write: Park): Promise<boolean> {
  const { declined: late, fenced } = await store.commit([write])
  assert.deepEqual([...fenced], [])
  return late.has(write)
}

function ids(runs: readonly RunRecord[]): string[] {
  return runs.map(({ id }) => id)
}

async function child(store: Store, id: string, parent: string): Promise<Claim> {
  const { run } = await store.createRun(newRun(id, { parent: { id: parent, key: id } }))
  return claimed(store, run)
}

export const waitingCases: readonly StoreCase[] = [
  storeCase('R7 a parked run waits under its owner, and its claim is over', async (store) => {
    const claim = await waiting(store, 'a', 5000)
    const { status, owner, wakeAt, epoch } = await stored(store, 'a')
    assert.deepEqual(
      { status, owner, wakeAt, epoch },
      { status: 'waiting', owner: 'engine-1', wakeAt: 5000, epoch: 1 },
    )
    const late = entry(claim, 1)
    assert.deepEqual([...(await store.commit([late])).fenced], [late])
    await store.release(claim)
    assert.equal((await stored(store, 'a')).status, 'waiting')
  }),

  storeCase('R7 a waiting run can be claimed, and does not wait any more then', async (store) => {
    await waiting(store, 'a', 5000)
    const claim = await claimed(store, await stored(store, 'a'), 'engine-2')
    const { status, owner, wakeAt } = await stored(store, 'a')
    assert.deepEqual({ status, owner, wakeAt }, { status: 'running', owner: 'engine-2', wakeAt: undefined })
    await commit(store, entry(claim, 1))
  }),

  storeCase(
    'a park is fenced under an old claim, and declined when its run has recorded more',
    async (store) => {
      const old = await started(store, 'a')
      const claim = await claimed(store, await stored(store, 'a'), 'engine-2')
      const write = park(old)
      assert.deepEqual([...(await store.commit([write])).fenced], [write])
      await commit(store, entry(claim, 1))
      assert.equal(await declined(store, park(claim, { seq: 0 })), true)
      await commit(store, entry(claim, 2)) // it goes on
      assert.equal(await declined(store, park(claim, { seq: 2 })), false)
    },
  ),

  storeCase('a park is declined when something was sent that the run does not know of', async (store) => {
    const claim = await started(store, 'a')
    await store.post({ run: claim.no, kind: 'event', name: 'e', payload: '1', at: 1 })
    assert.equal(await declined(store, park(claim)), true)
    assert.equal(await declined(store, park(claim, { pending: 1 })), false)
  }),

  storeCase('a park is declined when a child that it waits for has stopped', async (store) => {
    const claim = await started(store, 'a')
    const [one, two] = [await child(store, 'one', 'a'), await child(store, 'two', 'a')]
    await commit(store, end(one, 'blocked'))
    assert.equal(await declined(store, park(claim, { children: ['one', 'two'] })), true)
    assert.equal(await declined(store, park(claim, { children: ['two', 'not there'] })), false)
    await commit(store, end(two, 'completed'))
    assert.equal((await stored(store, 'a')).wakeAt, 0)
  }),

  storeCase(
    'a child that ends in the same commit wakes its parent, whichever comes first in it',
    async (store) => {
      for (const first of ['park', 'end']) {
        const claim = await started(store, first)
        const one = await child(store, `${first}/one`, first)
        const writes = [park(claim, { children: [`${first}/one`] }), end(one, 'completed')]
        await commit(store, ...(first === 'park' ? writes : writes.toReversed()))
        assert.deepEqual((await stored(store, first)).wakeAt, 0)
      }
    },
  ),

  storeCase('what is sent to a waiting run makes it due; to another it does nothing', async (store) => {
    const claim = await waiting(store, 'a', undefined)
    const other = await started(store, 'b')
    assert.deepEqual(await store.dueRuns('engine-1', 1e15, 10), [])
    await store.post({ run: claim.no, kind: 'event', name: 'e', payload: '1', at: 1 })
    await store.post({ run: other.no, kind: 'event', name: 'e', payload: '1', at: 1 })
    assert.deepEqual(ids(await store.dueRuns('engine-1', 0, 10)), ['a'])
    const { status, wakeAt } = await stored(store, 'b')
    assert.deepEqual({ status, wakeAt }, { status: 'running', wakeAt: undefined })
  }),

  storeCase('due runs are those of the owner, the earliest first, as many as asked for', async (store) => {
    await waiting(store, 'late', 3000)
    await waiting(store, 'early', 1000)
    await waiting(store, 'never', undefined)
    await waiting(store, 'other', 500, 'engine-2')
    assert.deepEqual(ids(await store.dueRuns('engine-1', 999, 10)), [])
    assert.deepEqual(ids(await store.dueRuns('engine-1', 1000, 10)), ['early'])
    assert.deepEqual(ids(await store.dueRuns('engine-1', 9000, 10)), ['early', 'late'])
    assert.deepEqual(ids(await store.dueRuns('engine-1', 9000, 1)), ['early'])
    assert.equal(await store.nextDue('engine-1'), 1000)
    assert.equal(await store.nextDue('engine-3'), undefined)
  }),

  storeCase('R4 idle runs are those of the workflow that nobody has: pending, or due', async (store) => {
    await store.createRun(newRun('new'))
    await store.createRun(newRun('other', { workflow: 'another' }))
    await store.createRun(newRun('unnamed', { workflow: undefined }))
    await started(store, 'running')
    await waiting(store, 'owned', 100)
    await waiting(store, 'due', 2000, 'dead')
    await waiting(store, 'later', 9000, 'dead')
    await started(store, 'left', 'dead')
    await store.heartbeat({ id: 'dead', pid: 1, host: 'h', heartbeatAt: 1, lease: 1 })
    assert.deepEqual(ids(await store.idleRuns('orders', 3000, 10)), ['new'])
    assert.equal(await store.removeOwner('dead'), true)
    assert.deepEqual(ids(await store.idleRuns('orders', 3000, 10)), ['due', 'new', 'left'])
    assert.deepEqual(ids(await store.idleRuns('orders', 3000, 2)), ['due', 'new'])
    assert.deepEqual(ids(await store.idleRuns('nothing', 3000, 10)), [])
  }),

  storeCase('R4 waiting runs that nobody has can be adopted, once', async (store) => {
    const one = await waiting(store, 'one', 2000, 'dead')
    await waiting(store, 'two', undefined, 'engine-2')
    await store.heartbeat({ id: 'dead', pid: 1, host: 'h', heartbeatAt: 1, lease: 1 })
    await store.removeOwner('dead')
    assert.deepEqual(await store.adoptWaiting('orders', 'engine-1'), [one.no])
    assert.deepEqual(await store.adoptWaiting('orders', 'engine-3'), [])
    const { status, owner, wakeAt } = await stored(store, 'one')
    assert.deepEqual({ status, owner, wakeAt }, { status: 'waiting', owner: 'engine-1', wakeAt: 2000 })
  }),

  storeCase(
    'R3 removing an owner gives its runs back, and what it still writes is refused',
    async (store) => {
      const claim = await started(store, 'a', 'slow')
      await store.heartbeat({ id: 'slow', pid: 1, host: 'h', heartbeatAt: 7, lease: 1 })
      assert.equal(await store.removeOwner('slow', 6), false)
      assert.equal((await stored(store, 'a')).status, 'running')
      assert.equal(await store.removeOwner('slow', 7), true)
      const { status, owner, epoch } = await stored(store, 'a')
      assert.deepEqual({ status, owner, epoch }, { status: 'pending', owner: undefined, epoch: claim.epoch })
      const late = entry(claim, 1)
      assert.deepEqual([...(await store.commit([late])).fenced], [late])
    },
  ),
]
