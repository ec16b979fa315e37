/** Functions that were given up and still run: added, removed, and gone with their owner. */
import assert from 'node:assert/strict'
import { type StoreCase, storeCase } from './case.ts'
import { commit, end, started, zombie } from './fixtures.ts'

export const zombieCases: readonly StoreCase[] = [
  storeCase('a zombie is there from when it is added until it is removed, one by one', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    assert.deepEqual(await store.readZombies(a.no), [])
    const first = zombie(a.no, { key: 'x/\ud800', owner: '\u001b', reason: '"\u0000"' })
    const second = zombie(a.no, { key: '', attempt: 0 })
    const other = zombie(b.no)
    const ids: number[] = []
    for (const each of [first, second, other]) ids.push(await store.addZombie(each))
    assert.deepEqual(await store.readZombies(a.no), [first, second])
    assert.deepEqual(await store.readZombies(b.no), [other])
    await store.removeZombie(ids[0] ?? 0)
    await store.removeZombie(ids[0] ?? 0)
    assert.deepEqual(await store.readZombies(a.no), [second])
    assert.deepEqual(await store.readZombies(b.no), [other])
  }),

  storeCase('the same attempt can be there twice, and each is removed by itself', async (store) => {
    const { no } = await started(store)
    const ids = await Promise.all([1, 2].map(() => store.addZombie(zombie(no))))
    assert.notEqual(ids[0], ids[1])
    await store.removeZombie(ids[1] ?? 0)
    assert.deepEqual(await store.readZombies(no), [zombie(no)])
  }),

  storeCase('the number of a zombie that was removed is not given to another one', async (store) => {
    const { no } = await started(store)
    const id = await store.addZombie(zombie(no))
    await store.removeZombie(id)
    const next = await store.addZombie(zombie(no))
    assert.ok(next > id)
    await store.removeZombie(id)
    assert.deepEqual(await store.readZombies(no), [zombie(no)])
  }),

  storeCase('removeOwner removes its zombies, of every run, and no others', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    await store.heartbeat({ id: 'engine-1', pid: 1, host: 'h', heartbeatAt: 1, lease: 5 })
    const other = zombie(a.no, { owner: 'engine-2' })
    for (const each of [zombie(a.no), other, zombie(b.no)]) await store.addZombie(each)
    await store.removeOwner('engine-1')
    assert.deepEqual(await store.readZombies(a.no), [other])
    assert.deepEqual(await store.readZombies(b.no), [])
  }),

  storeCase('prune removes the zombies of the runs that it deletes', async (store) => {
    const claim = await started(store)
    await commit(store, end(claim, 'completed'))
    await store.addZombie(zombie(claim.no))
    await store.prune({ endedBefore: { completed: 4000 }, limit: 10, dryRun: false })
    assert.deepEqual(await store.readZombies(claim.no), [])
  }),
]
