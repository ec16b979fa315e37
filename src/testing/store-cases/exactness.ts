/** What goes in comes out: every kind of completion, every string, every number. */
import assert from 'node:assert/strict'
import type { Completion } from '../../core/ports/effects.ts'
import { CANCEL_KEY } from '../../core/ports/effects.ts'
import { type StoreCase, storeCase } from './case.ts'
import { claimed, commit, end, entry, newRun, note, started, stepDone, stored } from './fixtures.ts'

const COMPLETIONS: readonly Completion[] = [
  { kind: 'step-done', key: 'a', at: 10, attempt: 2, startedAt: 5, payload: '{"v":1}' },
  { kind: 'step-failed', key: 'b', at: 11, attempt: 1, startedAt: 6, payload: '{"e":1}', retryAt: 99.25 },
  { kind: 'step-failed', key: 'b', at: 12, attempt: 2, startedAt: 7, payload: '{"e":2}' },
  { kind: 'step-failed', key: 'b', at: 12, attempt: 3, startedAt: 0, payload: '', retryAt: 0 },
  { kind: 'timer-fired', key: 'c', at: 1_732_335_600_000 },
  { kind: 'event-received', key: 'd', at: 14.125, name: 'paid', payload: 'null' },
  { kind: 'event-received', key: 'd', at: 14, name: '', payload: '' },
  { kind: 'event-failed', key: 'e', at: 15, payload: '"filter threw"' },
  { kind: 'child-done', key: 'f', at: 16, name: 'child-1', payload: '1' },
  { kind: 'child-failed', key: 'g', at: 17, name: 'child-2', payload: '2' },
  { kind: 'aborted', key: 'h', at: 18, payload: '"aborted"' },
  { kind: 'stopped', key: 'i', at: 19 },
  { kind: 'cancel-requested', key: CANCEL_KEY, at: Number.MAX_SAFE_INTEGER, payload: '"enough"' },
]

const HOSTILE: readonly string[] = [
  `it's "quoted" \`so\``,
  `'; DROP TABLE runs; --`,
  'line\nbreak\r\ttab',
  '__proto__',
  'constructor',
  '😀 né \u{10ffff} \ufeff \u2028',
  'x'.repeat(300),
  'nul\u0000inside',
  '\u0000',
  'nul\u0000other',
  '\ud800',
  '\ud801',
  'half \udc00 pair',
  '\u001b',
  '\u001b"\\ud800"',
  ' ',
  '%',
  '?1 :no $x',
  '1e5',
  'É',
  'É'.normalize('NFD'),
]

export const exactnessCases: readonly StoreCase[] = [
  storeCase('every kind of completion comes back exactly, absent fields absent', async (store) => {
    const claim = await started(store)
    await commit(store, ...COMPLETIONS.map((completion, n) => entry(claim, n + 1, completion)))
    assert.deepEqual(
      await store.readJournal(claim.no, 0),
      COMPLETIONS.map((completion, n) => ({ seq: n + 1, completion })),
    )
  }),

  storeCase('hostile ids and names of runs stay apart and come back exactly', async (store) => {
    for (const text of HOSTILE) {
      const parent = { id: text, key: text }
      await store.createRun(newRun(text, { workflow: text, parent, source: text, input: text, seed: text }))
    }
    for (const text of HOSTILE) {
      const { run, created } = await store.createRun(newRun(text))
      assert.equal(created, false, JSON.stringify(text))
      const { id, workflow, parent, source, input, seed } = run
      assert.deepEqual([id, workflow, parent?.id, parent?.key, source, input, seed], Array(7).fill(text))
      assert.deepEqual(await store.getRun(text), run)
      assert.deepEqual(await store.listRuns({ workflow: text }, { limit: 9 }), [run])
      assert.deepEqual(await store.listRuns({ parent: text }, { limit: 9 }), [run])
    }
    assert.equal((await store.listRuns({}, { limit: 99 })).length, HOSTILE.length)
  }),

  storeCase('hostile keys, names and payloads come back exactly', async (store) => {
    const claim = await started(store)
    for (const [index, text] of HOSTILE.entries()) {
      const item = await store.post({ run: claim.no, kind: 'event', name: text, payload: text, at: 1 })
      const completion = { kind: 'event-received', key: text, at: 1, name: text, payload: text } as const
      await commit(store, { ...entry(claim, index + 1, completion), inboxId: item.id }, note(claim, text))
      assert.deepEqual((await store.readInbox(item.id - 1, 1))[0], item)
      assert.deepEqual((await store.readJournal(claim.no, index))[0]?.completion, completion)
    }
    assert.deepEqual(
      (await store.readNotes(claim.no)).map(({ key }) => key),
      HOSTILE,
    )
  }),

  storeCase('hostile outputs, errors and owners come back exactly', async (store) => {
    for (const text of HOSTILE) {
      const { run } = await store.createRun(newRun(`run of ${text}`))
      const claim = await claimed(store, run, text)
      assert.equal((await stored(store, run.id)).owner, text)
      await commit(store, end(claim, 'failed', { output: text, error: text }))
      const { output, error } = await stored(store, run.id)
      assert.deepEqual([output, error], [text, text])
      const owner = { id: text, pid: 1, host: text, heartbeatAt: 1, lease: 1 }
      await store.heartbeat(owner)
      assert.deepEqual(await store.getOwner(text), owner)
    }
    for (const text of HOSTILE) await store.removeOwner(text)
    for (const text of HOSTILE) assert.equal(await store.getOwner(text), undefined)
  }),

  storeCase('empty texts are not absent ones', async (store) => {
    const { run } = await store.createRun(
      newRun('', { workflow: '', source: '', input: '', parent: { id: '', key: '' } }),
    )
    assert.deepEqual([run.workflow, run.source, run.input, run.parent], ['', '', '', { id: '', key: '' }])
    await commit(store, end(await claimed(store, run, ''), 'completed', { output: '', error: '' }))
    const { output, error } = await stored(store, '')
    assert.deepEqual([output, error], ['', ''])
    assert.deepEqual(await store.listRuns({ parent: null }, { limit: 1 }), [])
  }),

  storeCase('a payload of 10 MB comes back exactly', async (store) => {
    const large = JSON.stringify('0123456789é😀\n'.repeat(800_000))
    assert.ok(large.length > 10_000_000)
    const { run } = await store.createRun(newRun('a', { input: large }))
    const claim = await claimed(store, run)
    await commit(store, entry(claim, 1, stepDone('k', large)), end(claim, 'completed', { output: large }))
    const [read] = await store.readJournal(claim.no, 0)
    assert.ok(read?.completion.kind === 'step-done' && read.completion.payload === large)
    const { input, output } = await stored(store, 'a')
    assert.ok(input === large && output === large)
  }),
]
