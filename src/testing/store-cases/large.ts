/** Payloads that a store may keep otherwise than small ones: nothing of that is to be noticed. */
import assert from 'node:assert/strict'
import type { Completion } from '../../core/ports/effects.ts'
import type { JournalEntry, Store } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import {
  claimed,
  commit,
  end,
  entry,
  keys,
  newRun,
  rejectsWith,
  started,
  stepDone,
  stored,
} from './fixtures.ts'

/** Larger than any store keeps in one piece, and no multiple of a likely size. */
const LARGE = 1_300_007

const large = (key: string, of = key): Completion => stepDone(key, of.repeat(Math.ceil(LARGE / of.length)))

/** Every place where it might be divided falls once between the halves of a pair. */
const PAIRS = [`x${'😀'.repeat(LARGE / 2)}`, '😀'.repeat(LARGE / 2)]

async function inPages(store: Store, no: number, limit: number): Promise<JournalEntry[]> {
  const read: JournalEntry[] = []
  for (;;) {
    const page = await store.readJournal(no, read.length, limit)
    if (page.length === 0) return read
    read.push(...page)
  }
}

export const largeCases: readonly StoreCase[] = [
  storeCase('large payloads come back exactly, whatever they are made of', async (store) => {
    const claim = await started(store)
    const payloads = [
      ...PAIRS,
      '\u001b'.repeat(LARGE),
      `${'\ud800'.repeat(9)}${'y'.repeat(LARGE)}`,
      '\u0000'.repeat(LARGE),
    ]
    const completions: Completion[] = payloads.map((payload, n) => stepDone(`k${n}`, payload))
    completions.push(
      {
        kind: 'step-failed',
        key: 'f',
        at: 9,
        attempt: 1,
        startedAt: 1,
        payload: 'f'.repeat(LARGE),
        retryAt: 9.5,
      },
      { kind: 'child-done', key: 'c', at: 9, name: 'child', payload: 'c'.repeat(LARGE) },
    )
    await commit(store, ...completions.map((completion, n) => entry(claim, n + 1, completion)))
    const expected = completions.map((completion, n) => ({ seq: n + 1, completion }))
    assert.deepEqual(await store.readJournal(claim.no, 0), expected)
    assert.deepEqual(await inPages(store, claim.no, 100), expected)
  }),

  storeCase('commits made without waiting keep their order where some are large', async (store) => {
    const claim = await started(store)
    const other = await started(store, 'b')
    const seqs = [1, 2, 3, 4, 5, 6]
    await Promise.all(
      seqs.flatMap((seq) => [
        commit(store, entry(claim, seq, seq % 2 === 0 ? stepDone(`step-${seq}`) : large(`step-${seq}`))),
        commit(store, entry(other, seq)),
      ]),
    )
    const expected = seqs.map((seq) => `step-${seq}`)
    assert.deepEqual(await keys(store, claim.no), expected)
    assert.deepEqual(await keys(store, other.no), expected)
  }),

  storeCase(
    'a large entry under a claim that is not current is left out, and leaves nothing',
    async (store) => {
      const old = await started(store, 'a')
      await commit(store, entry(old, 1))
      const current = await claimed(store, await stored(store, 'a'), 'engine-2')
      const late = entry(old, 2, large('late'))
      assert.deepEqual([...(await store.commit([late])).fenced], [late])
      assert.deepEqual(await keys(store, old.no), ['step-1'])
      await commit(store, entry(current, 2, large('mine')), end(current, 'completed'))
      assert.deepEqual((await store.readJournal(old.no, 1))[0]?.completion, large('mine'))
      assert.deepEqual([...(await store.commit([entry(current, 3, large('ended'))])).fenced].length, 1)
    },
  ),

  storeCase('a claim that is taken while a large entry is being written leaves that out', async (store) => {
    const old = await started(store, 'a')
    const late = entry(old, 1, large('late'))
    const [{ fenced }, current] = await Promise.all([
      store.commit([late]),
      stored(store, 'a').then((run) => claimed(store, run, 'engine-2')),
    ])
    const { length } = await store.readJournal(old.no, 0)
    assert.equal(fenced.has(late), length === 0)
    await commit(store, entry(current, length + 1, large('mine')))
    assert.deepEqual((await store.readJournal(old.no, length))[0]?.completion, large('mine'))
  }),

  storeCase('a large entry out of order is refused, and alters none that is there', async (store) => {
    const claim = await started(store)
    await commit(store, entry(claim, 1, large('first')))
    for (const seq of [1, 3]) await rejectsWith('corrupt', store.commit([entry(claim, seq, large('other'))]))
    assert.deepEqual(await store.readJournal(claim.no, 0), [{ seq: 1, completion: large('first') }])
    await commit(store, entry(claim, 2), entry(claim, 3, large('third')))
    assert.deepEqual((await store.readJournal(claim.no, 2))[0]?.completion, large('third'))
  }),

  storeCase('a run can begin with large entries of another', async (store) => {
    const prefix = [stepDone('small'), large('large')]
    const { run } = await store.createRun(newRun('fork'), prefix)
    const claim = await claimed(store, run)
    await commit(store, entry(claim, 3, large('own')))
    const expected = [...prefix, large('own')].map((completion, n) => ({ seq: n + 1, completion }))
    assert.deepEqual(await inPages(store, claim.no, 2), expected)
    assert.deepEqual(await store.surveyJournal(claim.no, 0, 9), { entries: 3, steps: 3, cancelled: false })
  }),

  storeCase('closing lets a large entry under way end', async (store, place) => {
    const claim = await started(store)
    const writing = commit(store, entry(claim, 1, large('last')))
    await store.close()
    await writing
    if (place.reopen === undefined) return
    const later = await place.reopen()
    assert.deepEqual((await later.readJournal(claim.no, 0))[0]?.completion, large('last'))
  }),

  storeCase(
    'large entries are deleted with their run, and a journal that is read meanwhile ends early',
    async (store) => {
      const claim = await started(store)
      const entries = Array.from({ length: 5 }, (_, n) => entry(claim, n + 1, large(`k${n + 1}`)))
      await commit(store, ...entries, end(claim, 'completed'))
      const reading = store.readJournal(claim.no, 0)
      const request = { endedBefore: { completed: 3001 }, limit: 8 }
      while ((await store.prune(request)).more);
      const read = await reading
      assert.deepEqual(
        read,
        entries.slice(0, read.length).map((each) => each.entry),
      )
      assert.deepEqual(await store.readJournal(claim.no, 0), [])
    },
  ),
]
