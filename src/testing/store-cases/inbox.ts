/** What others want of a run: events and cancel requests, until a completion consumes them. */
import assert from 'node:assert/strict'
import type { InboxItem } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, entry, newRun, started, stored } from './fixtures.ts'

const event = (run: number, name: string): Omit<InboxItem, 'id'> => ({
  run,
  kind: 'event',
  name,
  payload: `"${name}"`,
  at: 1234.5,
})

export const inboxCases: readonly StoreCase[] = [
  storeCase('post stores the item, under an id that rises over the whole store', async (store) => {
    const [a, b] = [(await store.createRun(newRun('a'))).run, (await store.createRun(newRun('b'))).run]
    assert.equal(await store.lastInboxId(), 0)
    const cancel: Omit<InboxItem, 'id'> = { run: b.no, kind: 'cancel', name: '', payload: '"stop"', at: 2 }
    const items = [
      await store.post(event(a.no, 'x')),
      await store.post(cancel),
      await store.post(event(a.no, 'y')),
    ]
    const ids = items.map(({ id }) => id)
    assert.deepEqual(items, [
      { id: ids[0], ...event(a.no, 'x') },
      { id: ids[1], ...cancel },
      { id: ids[2], ...event(a.no, 'y') },
    ])
    assert.ok(ids.every((id, n) => id > (ids[n - 1] ?? 0)))
    assert.equal(await store.lastInboxId(), ids[2])
    assert.deepEqual(await store.readInbox(0, 10), items)
    assert.deepEqual(await store.pendingInbox(a.no), [items[0], items[2]])
    assert.deepEqual(await store.pendingInbox(b.no), [items[1]])
    assert.deepEqual(await store.pendingInbox(b.no + 1), [])
  }),

  storeCase('posts at once get ids of their own', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    const items = await Promise.all(Array.from({ length: 50 }, (_, n) => store.post(event(run.no, `e${n}`))))
    assert.equal(new Set(items.map(({ id }) => id)).size, 50)
    assert.deepEqual(
      await store.pendingInbox(run.no),
      items.toSorted((x, y) => x.id - y.id),
    )
  }),

  storeCase('readInbox continues after an item, oldest first, at most limit', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    const seen: string[] = []
    for (let n = 0; n < 10; n++) await store.post(event(run.no, `e${n}`))
    for (let after = 0, pages = 0; pages < 20; pages++) {
      const items = await store.readInbox(after, 3)
      assert.ok(items.length <= 3)
      const last = items.at(-1)
      if (last === undefined) break
      seen.push(...items.map(({ name }) => name))
      after = last.id
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 10 }, (_, n) => `e${n}`),
    )
    assert.deepEqual(await store.readInbox(0, 0), [])
  }),

  storeCase('a completion consumes its item: no longer pending, still to be read', async (store) => {
    const claim = await started(store)
    const [x, y] = [await store.post(event(claim.no, 'x')), await store.post(event(claim.no, 'y'))]
    const received = { kind: 'event-received', key: 'wait', at: 9, name: 'x', payload: '"x"' } as const
    await commit(store, { kind: 'completion', claim, entry: { seq: 1, completion: received }, inboxId: x.id })
    assert.deepEqual(await store.pendingInbox(claim.no), [y])
    assert.deepEqual(await store.readInbox(0, 10), [x, y])
    assert.equal(await store.lastInboxId(), y.id)
    assert.deepEqual(await store.readJournal(claim.no, 0), [{ seq: 1, completion: received }])
  }),

  storeCase('an item of another run is not consumed', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    const item = await store.post(event(b.no, 'x'))
    await commit(store, { ...entry(a, 1), inboxId: item.id })
    assert.deepEqual(await store.pendingInbox(b.no), [item])
  }),

  storeCase(
    'items are kept while nobody executes the run, and through an end and a reopen',
    async (store) => {
      const { run } = await store.createRun(newRun('a'))
      const early = await store.post(event(run.no, 'early'))
      const claim = await claimed(store, run)
      await commit(store, end(claim, 'failed'))
      const late = await store.post(event(run.no, 'late'))
      await store.reopen({ ...claim, fresh: true })
      assert.deepEqual(await store.pendingInbox(run.no), [early, late])
      assert.equal((await stored(store, 'a')).status, 'pending')
    },
  ),
]
