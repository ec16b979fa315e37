/** What a commit writes, refuses and leaves out. */
import assert from 'node:assert/strict'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, entry, keys, newRun, note, rejectsWith, started, stored } from './fixtures.ts'

export const commitCases: readonly StoreCase[] = [
  storeCase('commit of nothing does nothing', async (store) => {
    assert.deepEqual(await store.commit([]), { fenced: new Set(), declined: new Set() })
  }),

  storeCase('commit writes entries, notes and ends of several runs', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    await commit(
      store,
      entry(a, 1),
      note(a, 'n'),
      entry(b, 1),
      entry(a, 2),
      end(b, 'completed', { output: '7' }),
    )
    assert.deepEqual(await keys(store, a.no), ['step-1', 'step-2'])
    assert.deepEqual(await keys(store, b.no), ['step-1'])
    assert.equal((await store.readNotes(a.no)).length, 1)
    assert.equal((await stored(store, 'a')).status, 'running')
    assert.equal((await stored(store, 'b')).status, 'completed')
  }),

  storeCase('an end stores status, output, error and time, and clears the owner', async (store) => {
    const ends = {
      completed: { output: '"o"' },
      failed: { error: '"e"' },
      cancelled: { error: '"c"' },
      blocked: {},
    }
    for (const [status, rest] of Object.entries(ends)) {
      const claim = await started(store, status)
      const before = await stored(store, status)
      await commit(store, end(claim, status as keyof typeof ends, rest))
      assert.deepEqual(await store.getRun(status), {
        ...before,
        status,
        ...rest,
        endedAt: 3000,
        owner: undefined,
      })
    }
  }),

  storeCase('R3 writes of a superseded claim are left out, the others are written', async (store) => {
    const [old, b] = [await started(store, 'a'), await started(store, 'b')]
    await commit(store, entry(old, 1))
    const current = await claimed(store, await stored(store, 'a'), 'engine-2')
    const late = [entry(old, 2), note(old, 'late'), end(old, 'failed', { error: '"late"' })] as const
    const { fenced } = await store.commit([late[0], entry(b, 1), late[1], late[2], note(b, 'kept')])
    assert.deepEqual([...fenced], late)
    assert.deepEqual(await keys(store, old.no), ['step-1'])
    assert.deepEqual(await keys(store, b.no), ['step-1'])
    assert.deepEqual(await store.readNotes(old.no), [])
    assert.equal((await stored(store, 'a')).status, 'running')
    await commit(store, entry(current, 2))
  }),

  storeCase('R3 a claim can lose and win in one commit, each write judged by its own', async (store) => {
    const old = await started(store, 'a')
    const current = await claimed(store, await stored(store, 'a'), 'engine-2')
    const late = [entry(old, 1), entry(old, 2)] as const
    const { fenced } = await store.commit([late[0], entry(current, 1), late[1], entry(current, 2)])
    assert.deepEqual([...fenced], late)
    assert.deepEqual(await keys(store, old.no), ['step-1', 'step-2'])
  }),

  storeCase('R3 nothing is written after a release', async (store) => {
    const claim = await started(store)
    await store.release(claim)
    const late = entry(claim, 1)
    assert.deepEqual([...(await store.commit([late])).fenced], [late])
    assert.deepEqual(await keys(store, claim.no), [])
  }),

  storeCase('R3 nothing is written after an end, later or in the same commit', async (store) => {
    const claim = await started(store)
    const writes = [
      entry(claim, 1),
      end(claim, 'completed', { output: '1' }),
      entry(claim, 2),
      end(claim, 'failed'),
    ]
    assert.deepEqual([...(await store.commit(writes)).fenced], writes.slice(2))
    const later = [entry(claim, 2), note(claim, 'late')]
    assert.deepEqual([...(await store.commit(later)).fenced], later)
    assert.deepEqual(await keys(store, claim.no), ['step-1'])
    assert.deepEqual(await store.readNotes(claim.no), [])
    assert.equal((await stored(store, 'a')).status, 'completed')
  }),

  storeCase('R3 nothing is written to a run that nobody claimed, or that is unknown', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    const never = { no: run.no, epoch: 0 }
    const unknown = { no: run.no + 100, epoch: 0 }
    const writes = [entry(never, 1), entry(unknown, 1)]
    const { fenced } = await store.commit(writes)
    assert.deepEqual([...fenced], writes)
    assert.deepEqual(await keys(store, unknown.no), [])
    assert.deepEqual(await store.getRun('a'), run)
  }),

  storeCase('R3 of a commit and a takeover at once, one comes first and the other sees it', async (store) => {
    const old = await started(store, 'a')
    const [{ fenced }, claim] = await Promise.all([
      store.commit([entry(old, 1)]),
      store.claim({ no: old.no, epoch: old.epoch, owner: 'engine-2' }),
    ])
    assert.ok(claim)
    assert.equal((await keys(store, old.no)).length, 1 - fenced.size)
    assert.equal((await store.commit([entry(old, 2)])).fenced.size, 1)
  }),

  storeCase('a fenced entry consumes nothing', async (store) => {
    const old = await started(store, 'a')
    const item = await store.post({ run: old.no, kind: 'event', name: 'n', payload: '1', at: 1 })
    await claimed(store, await stored(store, 'a'), 'engine-2')
    await store.commit([{ ...entry(old, 1), inboxId: item.id }])
    assert.deepEqual(await store.pendingInbox(old.no), [item])
  }),

  storeCase('all writes or none: an entry out of order refuses the whole commit', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    await commit(store, entry(a, 1))
    const item = await store.post({ run: b.no, kind: 'event', name: 'n', payload: '1', at: 1 })
    const others = [{ ...entry(b, 1), inboxId: item.id }, note(b, 'n'), end(b, 'completed')]
    for (const seq of [0, 1, 3]) {
      const error = await rejectsWith('corrupt', store.commit([...others, entry(a, seq)]))
      assert.match(error.message, /"a"/)
    }
    await rejectsWith('corrupt', store.commit([entry(a, 2), entry(a, 2)]))
    assert.deepEqual(await keys(store, a.no), ['step-1'])
    assert.deepEqual(await keys(store, b.no), [])
    assert.deepEqual(await store.readNotes(b.no), [])
    assert.deepEqual(await store.pendingInbox(b.no), [item])
    assert.equal((await stored(store, 'b')).status, 'running')
    await commit(store, ...others, entry(a, 2))
  }),

  storeCase('a commit that is refused does not spoil those beside it', async (store) => {
    const claims = await Promise.all(['a', 'b', 'c'].map((id) => started(store, id)))
    const outcomes = await Promise.allSettled(
      claims.map((claim, n) => store.commit([entry(claim, n === 1 ? 5 : 1)])),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    for (const [n, { no }] of claims.entries()) assert.equal((await keys(store, no)).length, n === 1 ? 0 : 1)
  }),

  storeCase(
    'commits made without waiting are written in the order in which they were made',
    async (store) => {
      const claim = await started(store)
      await Promise.all(Array.from({ length: 300 }, (_, n) => commit(store, entry(claim, n + 1))))
      const entries = await store.readJournal(claim.no, 0)
      assert.deepEqual(
        entries.map(({ seq, completion }) => `${seq} ${completion.key}`),
        Array.from({ length: 300 }, (_, n) => `${n + 1} step-${n + 1}`),
      )
    },
  ),
]
