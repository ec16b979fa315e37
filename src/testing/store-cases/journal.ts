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

  storeCase('a page of a journal has as many entries as are asked for, or as are left', async (store) => {
    const claim = await started(store)
    await commit(store, ...[1, 2, 3, 4].map((seq) => entry(claim, seq)))
    const seqs = async (after: number, limit: number): Promise<number[]> =>
      (await store.readJournal(claim.no, after, limit)).map(({ seq }) => seq)
    assert.deepEqual(await seqs(0, 2), [1, 2])
    assert.deepEqual(await seqs(2, 2), [3, 4])
    assert.deepEqual(await seqs(3, 2), [4])
    assert.deepEqual(await seqs(4, 2), [])
  }),

  storeCase(
    'pages of large entries are shorter, never empty before the end, and complete together',
    async (store) => {
      const claim = await started(store)
      const large = (seq: number): string => `${seq}`.repeat(100_000)
      const written = Array.from({ length: 9 }, (_, n) => stepDone(`k${n}`, large(n + 1)))
      await commit(store, ...written.map((completion, n) => entry(claim, n + 1, completion)))
      const read = []
      for (let pages = 0; pages < 20; pages++) {
        const page = await store.readJournal(claim.no, read.length, 9)
        if (page.length === 0) break
        read.push(...page)
      }
      assert.deepEqual(
        read,
        written.map((completion, n) => ({ seq: n + 1, completion })),
      )
    },
  ),

  storeCase('a survey counts entries and outcomes of steps, and finds a request to end', async (store) => {
    const claim = await started(store)
    const failed = { kind: 'step-failed', key: 'b', at: 2, attempt: 1, startedAt: 1, payload: 'x' } as const
    const cancel = { kind: 'cancel-requested', key: '!cancel', at: 1, payload: 'x' } as const
    const completions = [stepDone('a', 'x'), { ...failed, retryAt: 5 }, failed, cancel]
    await commit(store, ...completions.map((completion, n) => entry(claim, n + 1, completion)))
    const all = { entries: 4, steps: 2, cancelled: true }
    assert.deepEqual(await store.surveyJournal(claim.no, 0, 4), all)
    assert.deepEqual(await store.surveyJournal(claim.no, 0, 9), all)
    assert.deepEqual(await store.surveyJournal(claim.no, 0, 2), { entries: 2, steps: 1, cancelled: false })
    assert.deepEqual(await store.surveyJournal(claim.no, 2, 1), { entries: 1, steps: 1, cancelled: false })
    assert.deepEqual(await store.surveyJournal(claim.no, 4, 9), { entries: 0, steps: 0, cancelled: false })
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
      { key: 'g', at: 1, kind: 'group', attempt: 0, due: 0, detail: '{"\u001b":"\ud800"}' },
      { key: 'g', at: 1, kind: 'group', attempt: 0, due: 7.5 },
      { key: '!trace', at: 1, kind: 'trace', attempt: 0, due: 0, detail: '00-1-2-01' },
      { key: 'z', at: 5, kind: 'started', attempt: 3, due: 0 },
    ]
    for (const each of notes) await commit(store, note(a, each.key, each), note(b, 'other'))
    assert.deepEqual(await store.readNotes(a.no), notes)
    assert.equal((await store.readNotes(b.no)).length, notes.length)
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
