/** Owners, and the store's own life: closing, and opening again what was kept. */
import assert from 'node:assert/strict'
import type { Store } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { commit, end, entry, keys, newRun, note, rejectsWith, started, stored, zombie } from './fixtures.ts'

/** One call of every verb but `close`. */
const VERBS: {
  readonly [Verb in Exclude<keyof Store, 'close' | 'location' | 'maintenance' | 'marks'>]: (
    store: Store,
  ) => Promise<unknown>
} = {
  createRun: (store) => store.createRun(newRun('b')),
  getRun: (store) => store.getRun('a'),
  listRuns: (store) => store.listRuns({}, { limit: 1 }),
  claim: (store) => store.claim({ no: 1, epoch: 0, owner: 'e' }),
  release: (store) => store.release({ no: 1, epoch: 1 }),
  reopen: (store) => store.reopen({ no: 1, epoch: 1, fresh: false }),
  commit: (store) => store.commit([]),
  readJournal: (store) => store.readJournal(1, 0),
  surveyJournal: (store) => store.surveyJournal(1, 0, 1),
  readNotes: (store) => store.readNotes(1),
  post: (store) => store.post({ run: 1, kind: 'cancel', name: '', payload: '1', at: 1 }),
  readInbox: (store) => store.readInbox(0, 1),
  pendingInbox: (store) => store.pendingInbox(1),
  lastInboxId: (store) => store.lastInboxId(),
  heartbeat: (store) => store.heartbeat({ id: 'e', pid: 1, host: 'h', heartbeatAt: 1, lease: 5 }),
  getOwner: (store) => store.getOwner('e'),
  listOwners: (store) => store.listOwners(),
  removeOwner: (store) => store.removeOwner('e'),
  prune: (store) => store.prune({ endedBefore: { completed: 1 }, limit: 1 }),
  dueRuns: (store) => store.dueRuns('e', 1, 1),
  nextDue: (store) => store.nextDue('e'),
  idleRuns: (store) => store.idleRuns('w', 1, 1),
  adoptWaiting: (store) => store.adoptWaiting('w', 'e'),
  addZombie: (store) => store.addZombie(zombie(1)),
  removeZombie: (store) => store.removeZombie(1),
  readZombies: (store) => store.readZombies(1),
}

export const lifeCases: readonly StoreCase[] = [
  storeCase('a heartbeat adds an owner, the next one replaces it, removeOwner removes it', async (store) => {
    const owner = { id: 'engine-1', pid: 4321, host: 'box', heartbeatAt: 1000.5, lease: 2.5 }
    assert.equal(await store.getOwner('engine-1'), undefined)
    assert.equal(await store.heartbeat(owner), false)
    assert.deepEqual(await store.getOwner('engine-1'), owner)
    assert.equal(await store.heartbeat({ ...owner, pid: 1, heartbeatAt: 2000 }), true)
    await store.heartbeat({ ...owner, id: 'engine-2' })
    assert.deepEqual(await store.getOwner('engine-1'), { ...owner, pid: 1, heartbeatAt: 2000 })
    assert.equal(await store.removeOwner('engine-1'), true)
    assert.equal(await store.removeOwner('engine-1'), false)
    assert.deepEqual(await store.listOwners(), [{ ...owner, id: 'engine-2' }])
    assert.equal(await store.getOwner('engine-1'), undefined)
    assert.deepEqual(await store.getOwner('engine-2'), { ...owner, id: 'engine-2' })
  }),

  storeCase('removing an owner leaves its claims as they are', async (store) => {
    const claim = await started(store, 'a', 'engine-1')
    await store.removeOwner('engine-1')
    assert.equal((await stored(store, 'a')).owner, 'engine-1')
    await commit(store, entry(claim, 1))
  }),

  storeCase('the location is a text for messages', async (store) => {
    assert.ok(store.location.length > 0)
  }),

  storeCase(
    'R5 after close every verb rejects with closed, and closing again does nothing',
    async (store) => {
      await started(store)
      await store.close()
      for (const call of Object.values(VERBS)) await rejectsWith('closed', call(store))
      await store.close()
    },
  ),

  storeCase('close lets the writes under way end', async (store) => {
    const claim = await started(store)
    const writes = [store.commit([entry(claim, 1)]), store.createRun(newRun('b')), store.release(claim)]
    await Promise.all([...writes, store.close(), store.close()])
  }),

  storeCase('R2 what was acknowledged is there after close and reopen', async (store, place) => {
    if (place.reopen === undefined) return
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    await commit(
      store,
      entry(a, 1),
      note(a, 'n', { kind: 'due', due: 77 }),
      entry(b, 1),
      end(b, 'failed', { error: '1' }),
    )
    const item = await store.post({ run: a.no, kind: 'event', name: 'e', payload: '1', at: 5 })
    await store.heartbeat({ id: 'engine-1', pid: 1, host: 'h', heartbeatAt: 3, lease: 5 })
    await store.addZombie(zombie(a.no))
    const everything = async (from: Store): Promise<unknown> => [
      await from.listRuns({}, { limit: 10 }),
      await from.readJournal(a.no, 0),
      await from.readNotes(a.no),
      await from.pendingInbox(a.no),
      await from.getOwner('engine-1'),
      await from.readZombies(a.no),
    ]
    const before = await everything(store)
    const again = await place.reopen()
    assert.deepEqual(await everything(again), before)
    // Claims survive too: only another claim, a release or an end takes one away.
    await commit(again, { ...entry(a, 2), inboxId: item.id })
    assert.deepEqual(await keys(again, a.no), ['step-1', 'step-2'])
    assert.ok((await again.post({ run: a.no, kind: 'event', name: 'e', payload: '1', at: 5 })).id > item.id)
    assert.ok((await again.createRun(newRun('c'))).run.no > b.no)
  }),
]
