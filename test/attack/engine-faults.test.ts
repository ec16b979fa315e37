import {
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  race,
  type StoreError,
  step,
  workflow,
} from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Write } from '../../src/core/ports/store.ts'
import { gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { expectNoStrays } from '../spec/support/strays.ts'
import { type FaultyStore, faultyStore, lasting } from './support/faulty-store.ts'

expectNoStrays()

function setUp(): { faults: FaultyStore; engine: EmbeddedEngine; another(): EmbeddedEngine } {
  const faults = faultyStore(lasting(memoryStore()))
  const log = new LogBook()
  const another = (): EmbeddedEngine => {
    const engine = createEngine({ store: faults.store, log })
    onTestFinished(() => engine.stop({ grace: 0 }))
    return engine
  }
  return { faults, engine: another(), another }
}

const problem = (expected: StoreError['problem']) =>
  expect.objectContaining({ code: 'STORE', problem: expected })
const holds = (kind: Write['kind']) => (args: readonly unknown[]) =>
  (args[0] as Write[]).some((write) => write.kind === kind)

function counting(): { calls: string[]; flow: ReturnType<typeof make> } {
  const calls: string[] = []
  const make = () =>
    workflow({
      name: 'three',
      execute: async () => {
        const seen: string[] = []
        for (const name of ['a', 'b', 'c'])
          seen.push(
            await step(name, () => {
              calls.push(name)
              return name
            }),
          )
        return seen.join('')
      },
    })
  return { calls, flow: make() }
}

describe('R5: a store that fails', () => {
  for (const verb of ['createRun', 'heartbeat', 'lastInboxId', 'pendingInbox'] as const) {
    test(`R5: ${verb} fails once while a run starts: the start says so, and the same id starts when the store has recovered`, async () => {
      const { faults, engine } = setUp()
      const { flow, calls } = counting()
      faults.fail(verb, { problem: 'full' })
      await expect(flow.start({}, { id: 'r', engine })).rejects.toEqual(problem('full'))
      const run = await flow.start({}, { id: 'r', engine })
      expect(await run.result()).toBe('abc')
      expect(calls).toEqual(['a', 'b', 'c'])
    })

    test(`R5: ${verb} fails once while a run starts: another engine can execute it at once`, async () => {
      const { faults, engine, another } = setUp()
      const { flow } = counting()
      faults.fail(verb, { problem: 'io' })
      await expect(flow.start({}, { id: 'r', engine })).rejects.toEqual(problem('io'))
      const run = await flow.start({}, { id: 'r', engine: another() })
      expect(await run.result()).toBe('abc')
    })
  }

  for (const verb of ['claim', 'readJournal', 'readNotes', 'pendingInbox'] as const) {
    test(`R5: ${verb} fails once while a run that was given back is taken up: the start says so, and the next one executes it`, async () => {
      const { faults, engine, another } = setUp()
      const { flow, calls } = counting()
      faults.fail('pendingInbox', { problem: 'full' })
      await expect(flow.start({}, { id: 'r', engine })).rejects.toEqual(problem('full'))
      faults.fail(verb, { problem: 'io' })
      await expect(flow.start({}, { id: 'r', engine })).rejects.toEqual(problem('io'))
      const run = await flow.start({}, { id: 'r', engine: verb === 'claim' ? engine : another() })
      expect(await run.result()).toBe('abc')
      expect(calls).toEqual(['a', 'b', 'c'])
    })
  }

  for (let nth = 0; nth < 4; nth++) {
    test(`R5: commit ${nth + 1} of a run fails: its result rejects with the reason, and asking again resumes it`, async () => {
      const { faults, engine } = setUp()
      const { flow, calls } = counting()
      faults.fail('commit', { after: nth, problem: 'full' })
      const run = await flow.start({}, { id: 'r', engine })
      await expect(run.result()).rejects.toEqual(problem('full'))
      expect(await run.status()).toBe('pending')
      expect(await run.result()).toBe('abc')
      expect(calls.length).toBe(nth < 3 ? 4 : 3)
    })

    test(`R5: commit ${nth + 1} fails, and giving the run back fails too: this engine resumes it all the same`, async () => {
      const { faults, engine } = setUp()
      const { flow } = counting()
      faults.fail('commit', { after: nth, problem: 'locked' })
      faults.fail('release', { problem: 'locked' })
      const run = await flow.start({}, { id: 'r', engine })
      await expect(run.result()).rejects.toEqual(problem('locked'))
      expect(await run.result()).toBe('abc')
    })
  }

  test('R5: a run whose store failed lets the other runs of the engine go on', async () => {
    const { faults, engine } = setUp()
    const [first, second] = [gate(), gate()]
    const flow = workflow({
      name: 'held',
      execute: (_ctx, which: string) => step('wait', () => (which === 'one' ? first : second).pass()),
    })
    const one = await flow.start('one', { id: 'one', engine })
    const two = await flow.start('two', { id: 'two', engine })
    await quiet()
    faults.fail('commit', { times: 1, problem: 'io' })
    first.open()
    await expect(one.result()).rejects.toEqual(problem('io'))
    second.open()
    await two.result()
    await one.result()
  })

  test('R3, R5: after a failed commit, what the run still writes does not spoil the commits of other runs', async () => {
    const { faults, engine } = setUp()
    const gates = { a: gate(), b: gate(), other: gate() }
    const pair = workflow({
      name: 'pair',
      execute: () => parallel([step('a', () => gates.a.pass()), step('b', () => gates.b.pass())]),
    })
    const single = workflow({ name: 'single', execute: () => step('other', () => gates.other.pass()) })
    const one = await pair.start({}, { id: 'pair', engine })
    const two = await single.start({}, { id: 'single', engine })
    await Promise.all(Object.values(gates).map(({ reached }) => reached))
    await quiet()
    faults.fail('release', { problem: 'io' })
    faults.fail('commit', { problem: 'io' })
    const letGo = faults.hold('commit')
    gates.a.open()
    await faults.held() // the first commit is under way: what comes now is in the next
    gates.b.open()
    gates.other.open()
    await quiet()
    letGo()
    await expect(one.result()).rejects.toEqual(problem('io'))
    await two.result()
    await one.result()
  })

  test('R5: the commit of the end fails: the run is resumable, and what it recorded does not run again', async () => {
    const { faults, engine } = setUp()
    const { flow, calls } = counting()
    faults.fail('commit', { problem: 'full', matches: holds('end') })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toEqual(problem('full'))
    expect(await run.result()).toBe('abc')
    expect(calls).toEqual(['a', 'b', 'c'])
  })

  test('R5: a commit that happened although it was reported as failed: the run resumes, each outcome recorded once', async () => {
    const { faults, engine } = setUp()
    const { flow, calls } = counting()
    faults.fail('commit', { after: 1, problem: 'io', late: true })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toEqual(problem('io'))
    expect(await run.result()).toBe('abc')
    expect(calls).toEqual(['a', 'b', 'c'])
    const { journal } = await engine.inspect('r')
    expect(journal.map(({ completion }) => completion.key)).toEqual(['a', 'b', 'c'])
  })

  test('R5: an end that was committed although it was reported as failed is the result', async () => {
    const { faults, engine } = setUp()
    const { flow } = counting()
    faults.fail('commit', { problem: 'io', late: true, matches: holds('end') })
    const run = await flow.start({}, { id: 'r', engine })
    await run.result().catch(() => undefined)
    expect(await run.result()).toBe('abc')
    expect(await run.status()).toBe('completed')
  })

  test('R5: the note that a long step has begun cannot be written: the run stays resumable', async () => {
    const { faults, engine } = setUp()
    const long = gate()
    const aborted = gate<unknown>()
    const flow = workflow({
      name: 'long',
      execute: () =>
        step('long', ({ signal }) => {
          signal.addEventListener('abort', () => aborted.open(signal.reason))
          return long.pass()
        }),
    })
    faults.fail('commit', { problem: 'full', matches: holds('note') })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toEqual(problem('full'))
    expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' })
    long.open()
    await run.result()
  })

  test('R5: a child whose store failed: parent and child are resumable, and steps of the parent are aborted', async () => {
    const { faults, engine } = setUp()
    const inChild = gate()
    const reasons: unknown[] = []
    let begun = 0
    const child = workflow({ name: 'child', execute: () => step('in-child', () => inChild.pass()) })
    const parent = workflow({
      name: 'parent',
      execute: (ctx) =>
        parallel([
          ctx.invoke(child, {}),
          step('beside', ({ signal }) => {
            if (++begun > 1) return 'again'
            return new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reasons.push(signal.reason)
                reject(signal.reason)
              })
            })
          }),
        ]),
    })
    const run = await parent.start({}, { id: 'p', engine })
    await inChild.reached
    await quiet()
    faults.fail('commit', { problem: 'io' })
    inChild.open()
    await expect(run.result()).rejects.toEqual(problem('io'))
    await quiet()
    expect(reasons).toHaveLength(1)
    expect(await run.result()).toEqual([undefined, 'again'])
  })

  test('R5: a cancel request that cannot be recorded is an error of the caller, and the run goes on', async () => {
    const { faults, engine } = setUp()
    const held = gate<string>()
    const flow = workflow({ name: 'held', execute: () => step('held', () => held.pass()) })
    const run = await flow.start({}, { id: 'r', engine })
    faults.fail('post', { problem: 'read-only' })
    await expect(run.cancel('no')).rejects.toEqual(problem('read-only'))
    held.open('done')
    expect(await run.result()).toBe('done')
  })

  test('R5: the store fails for good: every run rejects with it, and the engine still stops', async () => {
    const { faults, engine } = setUp()
    const held = gate()
    const flow = workflow({ name: 'held', execute: () => step('held', () => held.pass()) })
    const runs = await Promise.all(['1', '2', '3'].map((id) => flow.start({}, { id, engine })))
    const results = Promise.allSettled(runs.map((run) => run.result()))
    await held.reached
    for (const verb of ['commit', 'release', 'removeOwner', 'heartbeat', 'post'] as const)
      faults.fail(verb, { times: Infinity, problem: 'full' })
    held.open()
    for (const settled of await results)
      expect(settled).toMatchObject({ status: 'rejected', reason: problem('full') })
    await engine.stop()
  })

  test('R6: an engine that cannot take its name off the list of owners still closes its store', async () => {
    const faults = faultyStore(memoryStore())
    const engine = createEngine({ store: faults.store, log: new LogBook() })
    await engine.list()
    faults.fail('removeOwner', { problem: 'read-only' })
    await engine.stop()
    await expect(faults.store.getRun('x')).rejects.toEqual(problem('closed'))
  })

  test('R5: one run that cannot be read does not keep the others from being resumed', async () => {
    const { faults, engine, another } = setUp()
    const held = gate()
    const flow = workflow({
      name: 'held',
      execute: (_ctx, no: number) => step('s', () => held.pass().then(() => no)),
    })
    for (let no = 1; no <= 3; no++) await flow.start(no, { id: `r${no}`, engine })
    await engine.stop({ grace: 0 })
    held.open()
    const second = another()
    faults.fail('readJournal', { problem: 'corrupt', times: Infinity, matches: ([no]) => no === 2 })
    const handles = await second.resume([flow])
    expect(handles.map(({ id }) => id).sort()).toEqual(['r1', 'r3'])
    expect(await Promise.all(handles.map((one) => one.result()))).toEqual([3, 1])
    await expect(flow.get('r2', { engine: second }).result()).rejects.toMatchObject({
      code: 'RUN_BLOCKED',
      cause: problem('corrupt'),
    })
  })
})

describe('M9, R5: a child that cannot be told that its parent does not want it any more', () => {
  const isCancel = ([item]: readonly unknown[]): boolean =>
    (item as { kind: string }).kind === 'cancel' && (item as { run: number }).run === 2

  test('M9, R5: the parent that was cancelled does not end before the child knows', async () => {
    const { faults, engine } = setUp()
    const held = gate()
    const child = workflow({ name: 'child', execute: () => step('s', () => held.pass()) })
    const parent = workflow({ name: 'parent', execute: (ctx) => ctx.invoke(child, {}) })
    const run = await parent.start({}, { id: 'p', engine })
    await held.reached
    faults.fail('post', { problem: 'locked', matches: isCancel })
    await run.cancel()
    await expect(run.result()).rejects.toEqual(problem('locked'))
    expect(await engine.find('p/child').status()).toBe('running')
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(engine.find('p/child').result()).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('M9, R5: nor does one whose race the child has lost', async () => {
    const { faults, engine } = setUp()
    const held = gate()
    const child = workflow({ name: 'child', execute: () => step('s', () => held.pass()) })
    const parent = workflow({
      name: 'parent',
      execute: async (ctx) => {
        const won = await race([ctx.invoke(child, {}), ctx.waitForEvent<string>('go')])
        return [won, await step('after', () => 'after')]
      },
    })
    const run = await parent.start({}, { id: 'p', engine })
    await held.reached
    faults.fail('post', { problem: 'locked', matches: isCancel })
    await run.signal('go', 'won')
    await expect(run.result()).rejects.toEqual(problem('locked'))
    expect(await run.result()).toEqual(['won', 'after'])
    await expect(engine.find('p/child').result()).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
