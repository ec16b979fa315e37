/** Who executes a run: claim, release, reopen. */
import assert from 'node:assert/strict'
import type { Store } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, entry, keys, newRun, note, started, stored } from './fixtures.ts'

const STATUSES = ['completed', 'failed', 'cancelled', 'blocked'] as const

async function ended(store: Store, id: string, status: (typeof STATUSES)[number]): Promise<void> {
  const claim = await started(store, id)
  await commit(store, entry(claim, 1), end(claim, status, { output: '"out"', error: '"err"' }))
}

export const claimCases: readonly StoreCase[] = [
  storeCase('claim sets owner and status, and raises the epoch', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    const claim = await store.claim({ no: run.no, epoch: 0, owner: 'engine-1' })
    assert.deepEqual(claim, { no: run.no, epoch: 1 })
    assert.deepEqual(await store.getRun('a'), { ...run, status: 'running', owner: 'engine-1', epoch: 1 })
  }),

  storeCase('R4 of many claims at once one wins, and the others get undefined', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.claim({ no: run.no, epoch: 0, owner: `engine-${n}` })),
    )
    const winners = claims.flatMap((claim, n) => (claim === undefined ? [] : [n]))
    assert.equal(winners.length, 1)
    assert.equal((await stored(store, 'a')).owner, `engine-${winners[0]}`)
  }),

  storeCase('R4 a run of a dead owner can be taken over under the epoch that was read', async (store) => {
    const old = await started(store, 'a', 'engine-1')
    assert.equal(await store.claim({ no: old.no, epoch: 0, owner: 'engine-2' }), undefined)
    const claim = await store.claim({ no: old.no, epoch: 1, owner: 'engine-2' })
    assert.deepEqual(claim, { no: old.no, epoch: 2 })
    assert.equal((await stored(store, 'a')).owner, 'engine-2')
  }),

  storeCase('a claim of an unknown run, or under an epoch to come, is undefined', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    assert.equal(await store.claim({ no: run.no + 1, epoch: 0, owner: 'e' }), undefined)
    assert.equal(await store.claim({ no: run.no, epoch: 1, owner: 'e' }), undefined)
    assert.deepEqual(await store.getRun('a'), run)
  }),

  storeCase('an ended run cannot be claimed, a blocked one can', async (store) => {
    for (const status of STATUSES) {
      await ended(store, status, status)
      const run = await stored(store, status)
      const claim = await store.claim({ no: run.no, epoch: run.epoch, owner: 'engine-2' })
      assert.equal(claim !== undefined, status === 'blocked')
    }
  }),

  storeCase('claiming a blocked run clears what it was blocked with', async (store) => {
    await ended(store, 'a', 'blocked')
    await claimed(store, await stored(store, 'a'), 'engine-2')
    const { status, output, error, endedAt, owner } = await stored(store, 'a')
    assert.deepEqual(
      { status, output, error, endedAt, owner },
      { status: 'running', output: undefined, error: undefined, endedAt: undefined, owner: 'engine-2' },
    )
  }),

  storeCase('release gives the run back: pending, no owner, journal kept', async (store) => {
    const claim = await started(store)
    await commit(store, entry(claim, 1))
    await store.release(claim)
    const { status, owner, epoch } = await stored(store, 'a')
    assert.deepEqual({ status, owner, epoch }, { status: 'pending', owner: undefined, epoch: 1 })
    assert.deepEqual(await keys(store, claim.no), ['step-1'])
    assert.deepEqual(await claimed(store, await stored(store, 'a'), 'engine-2'), { no: claim.no, epoch: 2 })
  }),

  storeCase('release does nothing under an old epoch, or to an unknown run', async (store) => {
    const old = await started(store, 'a', 'engine-1')
    await claimed(store, await stored(store, 'a'), 'engine-2')
    const before = await stored(store, 'a')
    await store.release(old)
    await store.release({ no: old.no + 1, epoch: 1 })
    assert.deepEqual(await store.getRun('a'), before)
  }),

  storeCase('release does nothing to a run that has ended under the same claim', async (store) => {
    const claim = await started(store)
    await commit(store, end(claim, 'completed', { output: '1' }))
    const before = await stored(store, 'a')
    await store.release(claim)
    assert.deepEqual(await store.getRun('a'), before)
  }),

  storeCase('reopen makes an ended or blocked run pending again, and clears its end', async (store) => {
    for (const status of STATUSES) {
      await ended(store, status, status)
      const before = await stored(store, status)
      assert.equal(await store.reopen({ no: before.no, epoch: before.epoch, fresh: false }), true)
      assert.deepEqual(await store.getRun(status), {
        ...before,
        status: 'pending',
        output: undefined,
        error: undefined,
        endedAt: undefined,
        base: 0,
      })
    }
  }),

  storeCase(
    'reopen with fresh moves base to the end of the journal, and the order goes on',
    async (store) => {
      await ended(store, 'a', 'failed')
      const { no, epoch } = await stored(store, 'a')
      assert.equal(await store.reopen({ no, epoch, fresh: true }), true)
      const run = await stored(store, 'a')
      assert.equal(run.base, 1)
      const claim = await claimed(store, run)
      await commit(store, entry(claim, 2), entry(claim, 3), end(claim, 'failed'))
      assert.deepEqual(
        (await store.readJournal(no, run.base)).map(({ seq }) => seq),
        [2, 3],
      )
      assert.equal(await store.reopen({ no, epoch: claim.epoch, fresh: false }), true)
      assert.equal((await stored(store, 'a')).base, 1)
    },
  ),

  storeCase(
    'reopen with fresh hides the notes so far and drops cancel requests; without, both stay',
    async (store) => {
      const first = await started(store)
      await commit(store, note(first, 'early'), end(first, 'failed'))
      const { no, epoch } = first
      await store.post({ run: no, kind: 'cancel', name: '', payload: '1', at: 1 })
      const event = await store.post({ run: no, kind: 'event', name: 'e', payload: '1', at: 1 })
      assert.equal(await store.reopen({ no, epoch, fresh: true }), true)
      assert.deepEqual(await store.readNotes(no), [])
      assert.deepEqual(await store.pendingInbox(no), [event])

      const second = await claimed(store, await stored(store, 'a'))
      await commit(store, note(second, 'later'), end(second, 'blocked'))
      const cancel = await store.post({ run: no, kind: 'cancel', name: '', payload: '1', at: 1 })
      assert.equal(await store.reopen({ no, epoch: second.epoch, fresh: false }), true)
      assert.deepEqual(
        (await store.readNotes(no)).map(({ key }) => key),
        ['later'],
      )
      assert.deepEqual(await store.pendingInbox(no), [event, cancel])
    },
  ),

  storeCase('reopen of an empty journal with fresh leaves base at 0', async (store) => {
    const claim = await started(store)
    await commit(store, end(claim, 'failed'))
    assert.equal(await store.reopen({ ...claim, fresh: true }), true)
    assert.equal((await stored(store, 'a')).base, 0)
  }),

  storeCase('reopen is false for a run in another state by now', async (store) => {
    const { run } = await store.createRun(newRun('a'))
    assert.equal(await store.reopen({ no: run.no, epoch: 0, fresh: false }), false, 'pending')
    const claim = await claimed(store, run)
    assert.equal(await store.reopen({ ...claim, fresh: false }), false, 'running')
    await commit(store, end(claim, 'failed'))
    const before = await stored(store, 'a')
    assert.equal(await store.reopen({ no: run.no, epoch: 0, fresh: true }), false, 'older epoch')
    assert.equal(await store.reopen({ no: run.no + 1, epoch: 1, fresh: true }), false, 'unknown')
    assert.deepEqual(await store.getRun('a'), before)
    const both = await Promise.all([1, 2].map(() => store.reopen({ ...claim, fresh: true })))
    assert.equal(both.filter(Boolean).length, 1)
  }),
]
