import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import type { RunFilter, RunStatus, Store, Write } from '../../src/core/ports/store.ts'
import { memoryStore } from '../../src/store/memory/index.ts'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { end, entry, newRun, note, stepDone } from '../../src/testing/store-cases/fixtures.ts'
import { folder } from '../support/folder.ts'

// Few of everything, so that verbs meet: claims collide, entries repeat, runs are unknown.
const no = fc.integer({ min: 1, max: 3 })
const epoch = fc.integer({ min: 0, max: 3 })
const seq = fc.integer({ min: 1, max: 4 })
const id = fc.constantFrom('a', 'b', '__proto__', '\ud800', '\u001b')
const text = fc.constantFrom('', 'x', '\u0000', 'é😀', '\udfff')
const claim = fc.record({ no, epoch })
const ending = fc.constantFrom(
  'completed' as const,
  'failed' as const,
  'cancelled' as const,
  'blocked' as const,
)
const statuses: readonly RunStatus[] = [
  'pending',
  'running',
  'waiting',
  'completed',
  'failed',
  'cancelled',
  'blocked',
]

const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(claim, seq, text, fc.integer({ min: 0, max: 4 })).map(entryOf) },
  fc.tuple(claim, text).map(([claim, key]) => note(claim, key)),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('park' as const),
      claim,
      seq: fc.integer({ min: 0, max: 3 }),
      pending: fc.nat(2),
      children: fc.array(id, { maxLength: 2 }),
      wakeAt: fc.option(no, { nil: undefined }),
    }),
  },
  fc.tuple(claim, ending, text).map(([claim, status, error]) => end(claim, status, { error })),
)

function entryOf([claim, seq, key, inboxId]: [{ no: number; epoch: number }, number, string, number]): Write {
  const plain = entry(claim, seq, stepDone(key, key))
  return inboxId === 0 ? plain : { ...plain, inboxId }
}

const filter: fc.Arbitrary<RunFilter> = fc.record(
  {
    status: fc.array(fc.constantFrom(...statuses), { maxLength: 3 }),
    workflow: text,
    parent: fc.option(id),
  },
  { requiredKeys: [] },
)

interface Call {
  readonly text: string
  run(store: Store): Promise<unknown>
}

/** A call of a verb with arbitrary arguments, that shows them when it fails. */
function call<Args>(
  name: string,
  args: fc.Arbitrary<Args>,
  run: (store: Store, args: Args) => Promise<unknown>,
) {
  return args.map((given): Call => ({
    text: `${name} ${JSON.stringify(given)}`,
    run: (store) => run(store, given),
  }))
}

const create = fc.record({
  id,
  workflow: fc.option(text, { nil: undefined }),
  parent: fc.option(id, { nil: undefined }),
  prefix: fc.array(
    text.map((key) => stepDone(key, key)),
    { maxLength: 2 },
  ),
})

const reopening = fc.record(
  {
    no,
    epoch,
    fresh: fc.boolean(),
    dropped: fc.array(fc.tuple(seq, seq), { maxLength: 2 }),
    redeliver: fc.array(seq, { maxLength: 3 }),
  },
  { requiredKeys: ['no', 'epoch', 'fresh'] },
)

const anyCall: fc.Arbitrary<Call> = fc.oneof(
  call('createRun', create, (store, { id, workflow, parent, prefix }) =>
    store.createRun(
      newRun(id, { workflow, parent: parent === undefined ? undefined : { id: parent, key: 'k' } }),
      prefix,
    ),
  ),
  call('getRun', id, (store, id) => store.getRun(id)),
  call('listRuns', fc.tuple(filter, fc.nat(4), fc.nat(4)), (store, [filter, limit, before]) =>
    store.listRuns(filter, before === 0 ? { limit } : { limit, before }),
  ),
  {
    weight: 3,
    arbitrary: call('claim', fc.record({ no, epoch, owner: text }), (store, given) => store.claim(given)),
  },
  call('release', claim, (store, given) => store.release(given)),
  call('reopen', reopening, (store, given) => store.reopen(given)),
  {
    weight: 6,
    arbitrary: call('commit', fc.array(write, { maxLength: 4 }), (store, given) => store.commit(given)),
  },
  call('readJournal', fc.tuple(no, fc.nat(3)), (store, [no, after]) => store.readJournal(no, after)),
  call('readNotes', no, (store, no) => store.readNotes(no)),
  call('post', fc.record({ run: no, name: text, payload: text }), (store, item) =>
    store.post({ ...item, kind: 'event', at: 1 }),
  ),
  call('readInbox', fc.tuple(fc.nat(4), fc.nat(3)), (store, [after, limit]) => store.readInbox(after, limit)),
  call('pendingInbox', no, (store, no) => store.pendingInbox(no)),
  call('lastInboxId', fc.constant(0), (store) => store.lastInboxId()),
  call(
    'heartbeat',
    fc.record({ id: text, pid: no, host: text, heartbeatAt: no, lease: no }),
    (store, owner) => store.heartbeat(owner),
  ),
  call('getOwner', id, (store, id) => store.getOwner(id)),
  call(
    'removeOwner',
    fc.record({ id: text, heardAt: fc.option(no, { nil: undefined }) }),
    (store, { id, heardAt }) => store.removeOwner(id, heardAt),
  ),
  call('listOwners', fc.constant(0), async (store) =>
    (await store.listOwners()).map(({ id }) => id).toSorted(),
  ),
  call('dueRuns', fc.tuple(text, no, fc.nat(3)), (store, [owner, now, limit]) =>
    store.dueRuns(owner, now, limit),
  ),
  call('nextDue', text, (store, owner) => store.nextDue(owner)),
  call('idleRuns', fc.tuple(text, no, fc.nat(3)), (store, [name, now, limit]) =>
    store.idleRuns(name, now, limit),
  ),
  call('adoptWaiting', fc.tuple(text, text), async (store, [name, owner]) =>
    (await store.adoptWaiting(name, owner)).toSorted((a, b) => a - b),
  ),
  call('addZombie', fc.record({ run: no, key: text, owner: id, reason: text }), (store, given) =>
    store.addZombie({ ...given, attempt: 1, since: 1 }),
  ),
  call('removeZombie', fc.nat(4), (store, id) => store.removeZombie(id)),
  call('readZombies', no, (store, no) => store.readZombies(no)),
  call('prune', fc.tuple(ending, fc.constantFrom(3000, 3001), fc.boolean()), (store, [status, at, dryRun]) =>
    store.prune({ endedBefore: { [status]: at }, limit: 1000, dryRun }),
  ),
)

/** What a caller can tell of a call. Messages differ, because they say where the runs are. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => {
    if (error instanceof StoreError) return { problem: error.problem }
    throw error
  })
}

async function state(store: Store): Promise<unknown> {
  const runs = await store.listRuns({}, { limit: 100 })
  const details = runs.map(({ no }) =>
    Promise.all([
      store.readJournal(no, 0),
      store.readNotes(no),
      store.pendingInbox(no),
      store.readZombies(no),
    ]),
  )
  return [runs, await Promise.all(details), await store.readInbox(0, 100)]
}

describe('M12 R3 the memory and the sqlite store', () => {
  it('answer any sequence of calls alike', async () => {
    const sequence = fc.array(anyCall, { minLength: 1, maxLength: 40, size: 'max' })
    await fc.assert(
      fc.asyncProperty(sequence, fc.boolean(), async (calls, atOnce) => {
        const memory = memoryStore()
        const sqlite = await sqliteStore({ dir: folder(), durability: 'process-crash' })
        try {
          if (atOnce) {
            // Reads do not wait for writes under way; the writes among the calls have one order in both stores.
            await Promise.allSettled(calls.map((each) => each.run(memory)))
            await Promise.allSettled(calls.map((each) => each.run(sqlite)))
          } else {
            for (const each of calls) {
              const expected = await outcome(each.run(memory))
              expect([each.text, await outcome(each.run(sqlite))]).toEqual([each.text, expected])
            }
          }
          expect(await state(sqlite)).toEqual(await state(memory))
        } finally {
          await sqlite.close()
        }
      }),
      { numRuns: 150 },
    )
  })
})
