/** Reading what was committed: entries in order, notes apart. */
import assert from 'node:assert/strict'
import type { Note } from '../../core/ports/store.ts'
import { type StoreCase, storeCase } from './case.ts'
import { commit, entry, note, started, stepDone } from './fixtures.ts'

export const journalCases: readonly StoreCase[] = [
  storeCase('readJournal gives the entries after a place, in order', async (store) => {
    const claim = await started(store)
    await commit(store, ...[1, 2, 3].map((seq) => entry(claim, seq)))
    await commit(store, entry(claim, 4))
    const seqs = async (after: number): Promise<number[]> =>
      (await store.readJournal(claim.no, after)).map(({ seq }) => seq)
    assert.deepEqual(await seqs(0), [1, 2, 3, 4])
    assert.deepEqual(await seqs(2), [3, 4])
    assert.deepEqual(await seqs(4), [])
    assert.deepEqual(await seqs(9), [])
    assert.deepEqual(await store.readJournal(claim.no + 1, 0), [])
  }),

  storeCase('journals of runs do not mix', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    for (let seq = 1; seq <= 5; seq++) {
      await commit(store, entry(a, seq, stepDone(`a${seq}`)), entry(b, seq, stepDone(`b${seq}`)))
    }
    const keysOf = async (no: number): Promise<string> =>
      (await store.readJournal(no, 3)).map(({ completion }) => completion.key).join()
    assert.equal(await keysOf(a.no), 'a4,a5')
    assert.equal(await keysOf(b.no), 'b4,b5')
  }),

  storeCase('a caller cannot alter an entry, a note or an item through what it was given', async (store) => {
    const claim = await started(store)
    const completion = { ...stepDone('k', '1') }
    const written: Note = { key: 'n', at: 1, kind: 'due', attempt: 0, due: 9 }
    await commit(store, entry(claim, 1, completion), note(claim, 'n', written))
    const posted = await store.post({ run: claim.no, kind: 'event', name: 'e', payload: '1', at: 1 })
    completion.key = 'changed'
    const [read] = await store.readJournal(claim.no, 0)
    Reflect.set(read ?? {}, 'seq', 99)
    Reflect.set(read?.completion ?? {}, 'key', 'changed')
    Reflect.set(written, 'key', 'changed')
    Reflect.set((await store.readNotes(claim.no))[0] ?? {}, 'key', 'changed')
    Reflect.set(posted, 'payload', 'changed')
    assert.deepEqual(await store.readJournal(claim.no, 0), [{ seq: 1, completion: stepDone('k', '1') }])
    assert.equal((await store.readNotes(claim.no))[0]?.key, 'n')
    assert.equal((await store.pendingInbox(claim.no))[0]?.payload, '1')
  }),

  storeCase('notes of every kind come back as they were, in the order of their commits', async (store) => {
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    const notes: Note[] = [
      { key: 'z', at: 5, kind: 'started', attempt: 3, due: 0 },
      { key: 'a', at: 4, kind: 'due', attempt: 0, due: 4_102_444_800_000.5 },
      { key: 'z', at: 3, kind: 'cancelled', attempt: 0, due: 0 },
      { key: 'z', at: 5, kind: 'started', attempt: 3, due: 0 },
    ]
    for (const each of notes) await commit(store, note(a, each.key, each), note(b, 'other'))
    assert.deepEqual(await store.readNotes(a.no), notes)
    assert.equal((await store.readNotes(b.no)).length, 4)
    assert.deepEqual(await store.readNotes(b.no + 1), [])
  }),

  storeCase('notes are not part of the order', async (store) => {
    const claim = await started(store)
    await commit(store, note(claim, 'n'), entry(claim, 1), note(claim, 'n'), entry(claim, 2))
    assert.deepEqual(
      (await store.readJournal(claim.no, 0)).map(({ seq }) => seq),
      [1, 2],
    )
  }),

  storeCase('10,000 entries in one commit come back in order', async (store) => {
    const claim = await started(store)
    await commit(store, ...Array.from({ length: 10_000 }, (_, n) => entry(claim, n + 1)))
    const entries = await store.readJournal(claim.no, 0)
    assert.equal(entries.length, 10_000)
    assert.ok(entries.every(({ seq, completion }, n) => seq === n + 1 && completion.key === `step-${seq}`))
  }),
]
