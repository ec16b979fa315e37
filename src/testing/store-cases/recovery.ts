/** Recovery by hand: orders, what is dropped, events that are delivered again, runs that begin with a prefix. */
import assert from 'node:assert/strict'
import type { Claim, InboxItem, RunRecord, Store } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, entry, keys, newRun, started, stepDone, stored } from './fixtures.ts'

/** A run whose order has recorded so many entries, and has failed. */
async function failed(store: Store, entries: number): Promise<Claim> {
  const claim = await started(store)
  const steps = Array.from({ length: entries }, (_, n) => entry(claim, n + 1))
  await commit(store, ...steps, end(claim, 'failed'))
  return claim
}

async function again(store: Store, rest: Partial<Parameters<Store['reopen']>[0]> = {}): Promise<RunRecord> {
  const { no, epoch } = await stored(store, 'a')
  assert.equal(await store.reopen({ no, epoch, fresh: true, ...rest }), true)
  return stored(store, 'a')
}

/** Events of run `a`, each consumed by the entry at its place, from 1 on. */
async function received(store: Store, claim: Claim, names: readonly string[]): Promise<InboxItem[]> {
  const items: InboxItem[] = []
  for (const name of names)
    items.push(await store.post({ run: claim.no, kind: 'event', name, payload: '1', at: 1 }))
  await commit(
    store,
    ...items.map(({ id, name }, n) => ({
      ...entry(claim, n + 1, { kind: 'event-received', key: name, at: 2, name, payload: '1' }),
      inboxId: id,
    })),
    end(claim, 'failed'),
  )
  return items
}

export const recoveryCases: readonly StoreCase[] = [
  storeCase(
    'reopen with fresh keeps where each earlier order began; an empty order is none',
    async (store) => {
      await failed(store, 2)
      assert.deepEqual((await again(store)).earlier, [0])
      const claim = await claimed(store, await stored(store, 'a'))
      await commit(store, end(claim, 'failed'))
      const { base, earlier } = await again(store)
      assert.deepEqual({ base, earlier }, { base: 2, earlier: [0] })
      const third = await claimed(store, await stored(store, 'a'))
      await commit(store, entry(third, 3), end(third, 'failed'))
      assert.deepEqual((await again(store)).earlier, [0, 2])
      const fourth = await claimed(store, await stored(store, 'a'))
      await commit(store, entry(fourth, 4), end(fourth, 'blocked'))
      assert.deepEqual((await again(store, { fresh: false })).earlier, [0, 2])
    },
  ),

  storeCase('reopen adds to what is dropped, in the same step; a refused one adds nothing', async (store) => {
    const claim = await failed(store, 4)
    assert.deepEqual((await again(store, { dropped: [[2, 4]] })).dropped, [[2, 4]])
    const second = await claimed(store, await stored(store, 'a'))
    await commit(store, entry(second, 5), end(second, 'blocked'))
    assert.deepEqual((await again(store)).dropped, [[2, 4]])
    const third = await claimed(store, await stored(store, 'a'))
    await commit(store, end(third, 'failed'))
    const both = { dropped: [[1, 1], [5, 5]] as const } // prettier-ignore
    assert.equal(await store.reopen({ ...claim, fresh: true, ...both }), false)
    assert.deepEqual((await stored(store, 'a')).dropped, [[2, 4]])
    assert.deepEqual((await again(store, both)).dropped, [[2, 4], [1, 1], [5, 5]]) // prettier-ignore
  }),

  storeCase(
    'reopen delivers events again that were consumed at the places it names, and no others',
    async (store) => {
      const claim = await started(store)
      const [, second, third] = await received(store, claim, ['e', 'f', 'g'])
      const waiting = await store.post({ run: claim.no, kind: 'event', name: 'h', payload: '1', at: 1 })
      await again(store, { redeliver: [3, 2, 9] })
      assert.deepEqual(await store.pendingInbox(claim.no), [second, third, waiting])
      // Consumed anew, at another place, they are known by that.
      const next = await claimed(store, await stored(store, 'a'))
      await commit(store, { ...entry(next, 4), inboxId: second?.id ?? 0 }, end(next, 'failed'))
      await again(store, { redeliver: [2] })
      assert.deepEqual(await store.pendingInbox(claim.no), [third, waiting])
      const last = await claimed(store, await stored(store, 'a'))
      await commit(store, end(last, 'failed'))
      await again(store, { redeliver: [4] })
      assert.deepEqual(await store.pendingInbox(claim.no), [second, third, waiting])
    },
  ),

  storeCase('reopen delivers no cancel request again, and nothing of another run', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    const cancel = await store.post({ run: a.no, kind: 'cancel', name: '', payload: '1', at: 1 })
    const other = await store.post({ run: b.no, kind: 'event', name: 'e', payload: '1', at: 1 })
    await commit(store, { ...entry(a, 1), inboxId: cancel.id }, { ...entry(b, 1), inboxId: other.id })
    await commit(store, end(a, 'failed'))
    await again(store, { redeliver: [1] })
    assert.deepEqual(await store.pendingInbox(a.no), [])
    assert.deepEqual(await store.pendingInbox(b.no), [])
  }),

  storeCase('createRun with a prefix begins with it, as an earlier order', async (store) => {
    const prefix = [
      stepDone('a', '"x"'),
      { kind: 'event-received', key: 'event:e', at: 5.5, name: 'e', payload: '{}' },
      { kind: 'child-done', key: 'child', at: 6, name: 'p/child', payload: '1' },
      { kind: 'timer-fired', key: 'sleep', at: 7 },
    ] as const
    const { run, created } = await store.createRun(newRun('a', { forkedFrom: 'old' }), prefix)
    assert.equal(created, true)
    const { base, earlier, dropped, forkedFrom, status } = run
    assert.deepEqual(
      { base, earlier, dropped, forkedFrom, status },
      { base: 4, earlier: [0], dropped: [], forkedFrom: 'old', status: 'pending' },
    )
    assert.deepEqual(await stored(store, 'a'), run)
    assert.deepEqual(
      await store.readJournal(run.no, 0),
      prefix.map((completion, n) => ({ seq: n + 1, completion })),
    )
    const claim = await claimed(store, run)
    await commit(store, entry(claim, 5))
    assert.deepEqual(await keys(store, run.no), ['a', 'event:e', 'child', 'sleep', 'step-5'])
  }),

  storeCase(
    'createRun with an empty prefix is createRun; one of an id that is taken adds nothing',
    async (store) => {
      const { run } = await store.createRun(newRun('a', { forkedFrom: 'old' }), [])
      assert.deepEqual([run.base, run.earlier, run.forkedFrom], [0, [], 'old'])
      const second = await store.createRun(newRun('a'), [stepDone('x')])
      assert.deepEqual(second, { run, created: false })
      assert.deepEqual(await store.readJournal(run.no, 0), [])
    },
  ),

  storeCase(
    'R2 orders, what is dropped and prefixes are there after close and reopen',
    async (store, place) => {
      if (place.reopen === undefined) return
      await failed(store, 3)
      const before = await again(store, { dropped: [[2, 3]] })
      const fork = await store.createRun(newRun('fork', { forkedFrom: 'a' }), [stepDone('x'), stepDone('y')])
      const opened = await place.reopen()
      assert.deepEqual(await opened.getRun('a'), before)
      assert.deepEqual(await opened.getRun('fork'), fork.run)
      assert.deepEqual(await keys(opened, fork.run.no), ['x', 'y'])
    },
  ),

  storeCase('a prefix of 20,000 entries comes back in order', async (store) => {
    const prefix = Array.from({ length: 20_000 }, (_, n) => stepDone(`s${n}`))
    const { run } = await store.createRun(newRun('a'), prefix)
    assert.equal(run.base, 20_000)
    const journal = await store.readJournal(run.no, 0)
    assert.ok(journal.length === 20_000 && journal.every(({ completion }, n) => completion.key === `s${n}`))
  }),
]
