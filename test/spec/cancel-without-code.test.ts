/** Cancelling runs whose code cannot obey: blocked ones, and those whose code awaits what nobody can reach. */
import {
  createEngine,
  type EmbeddedEngine,
  type RunEvent,
  step,
  workflow,
  type WorkflowCode,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { faultyStore, lasting } from '../attack/support/faulty-store.ts'
import { memoryStore } from '../../src/store/memory/index.ts'
import { gate, quiet } from './support/gate.ts'
import { LogBook } from './support/sandbox.ts'

/** Engines one after another, or beside each other, over one store and one time. */
function place() {
  const faulty = faultyStore(lasting(memoryStore()))
  const clock = new VirtualClock(Date.now())
  const log = new LogBook()
  const events: RunEvent[] = []
  const open = (): EmbeddedEngine => {
    const engine = createEngine({ store: faulty.store, clock, log })
    engine.on('*', (event) => events.push(event))
    onTestFinished(() => engine.stop({ grace: 0 }))
    return engine
  }
  const pass = async (seconds: number): Promise<void> => {
    for (let at = 0; at < seconds; at++) {
      clock.advance(1000)
      await quiet(6)
    }
  }
  const statuses = async (engine: EmbeddedEngine): Promise<Record<string, string>> =>
    Object.fromEntries((await engine.list()).map(({ id, status }) => [id, status]))
  return { faulty, clock, log, events, open, pass, statuses }
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A parent and two children, blocked by a change of the parent's code, and of one child's; the other child is interrupted. */
async function blockedFamily(here: ReturnType<typeof place>) {
  let version = 1
  const calls: string[] = []
  const held = gate()
  const call = (what: string): void => void calls.push(what)
  const changing = workflow({
    name: 'changing',
    execute: async () => {
      await step(`begin v${version}`, () => call('begin'))
      await step('held', () => held.pass())
    },
  })
  const steady = workflow({
    name: 'steady',
    execute: async (ctx) => {
      try {
        await ctx.waitForEvent('never')
      } finally {
        call('steady cleans up')
      }
    },
  })
  const parent: WorkflowCode = workflow({
    name: 'parent',
    execute: async (ctx) => {
      await step(`begin v${version}`, () => call('begin'))
      await ctx.parallel([ctx.invoke(changing, {}), ctx.invoke(steady, {})])
    },
  })
  const first = here.open()
  const run = await first.start(parent, {}, { id: 'p' })
  run.result().catch(() => undefined)
  await held.reached
  await quiet()
  await first.stop({ grace: 0 })
  version = 2
  const second = here.open()
  for (const [code, id] of [
    [parent, 'p'],
    [changing, 'p/changing'],
  ] as const) {
    const failure = failureOf(second.get(code, id).result())
    await quiet()
    await here.pass(6)
    expect(await failure).toMatchObject({ code: 'RUN_BLOCKED' })
  }
  calls.length = 0
  return { engine: second, parent, changing, steady, calls }
}

describe('cancelling a blocked run', () => {
  test('D5, M9: it ends as cancelled at once, with its blocked children, and no code is executed', async () => {
    const here = place()
    const { engine, parent, calls, steady } = await blockedFamily(here)
    expect(await here.statuses(engine)).toEqual({
      p: 'blocked',
      'p/changing': 'blocked',
      'p/steady': 'pending',
    })
    await engine.get(parent, 'p').cancel('not wanted')
    expect(await here.statuses(engine)).toEqual({
      p: 'cancelled',
      'p/changing': 'cancelled',
      'p/steady': 'pending',
    })
    expect(calls).toEqual([])
    await expect(engine.find('p').result()).rejects.toMatchObject({
      code: 'CANCELLED',
      kind: 'run-cancelled',
      cause: 'not wanted',
    })
    await expect(engine.find('p/changing').result()).rejects.toMatchObject({
      kind: 'run-cancelled',
      cause: { kind: 'run-cancelled', cause: 'not wanted' },
    })
    expect(here.events).toContainEqual(
      expect.objectContaining({
        kind: 'run.cancelled',
        run: 'p',
        error: expect.objectContaining({ kind: 'run-cancelled', cause: 'not wanted' }),
      }),
    )
    // Its other child, which fits its journal, was told: whoever takes it up lets it clean up.
    await expect(engine.get(steady, 'p/steady').result()).rejects.toMatchObject({ kind: 'run-cancelled' })
    expect(calls).toEqual(['steady cleans up'])
  })

  test('D5: the same from a process that has no code at all', async () => {
    const here = place()
    const { engine } = await blockedFamily(here)
    await here.open().find('p').cancel()
    expect((await here.statuses(engine))['p']).toBe('cancelled')
  })

  test('D5: of many that cancel it at once one does, and nobody is told of an error', async () => {
    const here = place()
    const { engine } = await blockedFamily(here)
    const others = [here.open(), here.open(), engine]
    await Promise.all(others.map((other, index) => other.find('p').cancel(`reason ${index}`)))
    await expect(engine.find('p').result()).rejects.toMatchObject({ code: 'CANCELLED' })
    const ends = here.events.filter((event) => event.kind === 'run.cancelled')
    expect(ends.map(({ run }) => run).sort()).toEqual(['p', 'p/changing'])
  })

  test('R3: somebody who resumes it at the same moment executes it, and it is cancelled there', async () => {
    const here = place()
    let version = 1
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step(`v${version}`, () => undefined)
        await step('held', () => held.pass())
      },
    })
    const first = here.open()
    await first.start(flow, {}, { id: 'r' })
    await held.reached
    await first.stop({ grace: 0 })
    version = 2
    const [second, other] = [here.open(), here.open()]
    const blocked = failureOf(second.get(flow, 'r').result())
    await quiet()
    await here.pass(6)
    expect(await blocked).toMatchObject({ code: 'RUN_BLOCKED' })
    version = 1 // corrected
    const letGo = here.faulty.hold('claim')
    const cancelled = other.find('r').cancel('late')
    await here.faulty.held()
    letGo()
    const taken = second.get(flow, 'r').retry()
    await Promise.all([cancelled, taken.catch(() => undefined)])
    const result = failureOf(other.find('r').result())
    await quiet()
    await here.pass(2)
    expect(await result).toMatchObject({
      code: 'CANCELLED',
      cause: 'late',
    })
  })

  test('R5: a store that fails leaves it blocked or interrupted, and the next request ends it', async () => {
    for (const verb of ['claim', 'listRuns', 'commit'] as const) {
      const here = place()
      const { engine, parent } = await blockedFamily(here)
      here.faulty.fail(verb)
      await expect(engine.find('p').cancel()).rejects.toMatchObject({ code: 'STORE' })
      const { p: status } = await here.statuses(engine)
      expect([verb, status]).toEqual([verb, verb === 'claim' ? 'blocked' : 'pending'])
      const result = failureOf(engine.get(parent, 'p').result())
      await quiet()
      await here.pass(6)
      expect(await result).toMatchObject({ code: 'RUN_BLOCKED' })
      await engine.find('p').cancel()
      expect((await here.statuses(engine))['p']).toBe('cancelled')
    }
  })

  test('R3, M9: a retry of it begins a new order, with its children', async () => {
    const here = place()
    const { engine, parent, calls } = await blockedFamily(here)
    await engine.get(parent, 'p').cancel()
    await engine.get(parent, 'p').retry()
    await quiet()
    expect((await here.statuses(engine))['p']).toBe('running')
    expect(calls).toContain('begin')
  })
})

describe('a cancelled run whose code awaits what is not an operation', () => {
  test('ends as cancelled after the grace period, and its code is listed until it ends', async () => {
    const here = place()
    const [engine, other] = [here.open(), here.open()]
    const [forever, began, late] = [gate(), gate(), [] as unknown[]]
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('first', () => undefined)
        began.open()
        await forever.promise
        late.push(await step('more', () => 'ran').catch((error: unknown) => (error as Error).message))
        return 'too late'
      },
    })
    const run = await engine.start(flow, {}, { id: 'r' })
    const result = run.result().catch((error: unknown) => error)
    await began.promise
    await run.cancel('enough')
    await here.pass(3)
    expect(await run.status()).toBe('running')
    await here.pass(4)
    expect(await result).toMatchObject({ code: 'CANCELLED', kind: 'run-cancelled', cause: 'enough' })
    expect(await other.find('r').zombies()).toMatchObject([
      { step: 'execute', key: '', attempt: 0, reason: { kind: 'run-cancelled' } },
    ])
    expect(here.log.messages('warn')).toEqual([
      expect.stringMatching(/^The code of run "r" ignores its signal.*belongs in a step.*ends without it/),
    ])
    forever.open()
    await quiet()
    expect(late).toEqual(['Cancelled with its run: enough'])
    expect(await run.zombies()).toEqual([])
    expect(await run.status()).toBe('cancelled')
    // The end is recorded as such: nothing has to come to it again.
    await engine.stop()
    await expect(here.open().get(flow, 'r').result()).rejects.toEqual(await result)
  })

  test('the same when the request comes back from the journal, after a crash', async () => {
    const here = place()
    const first = here.open()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('first', () => undefined)
        await new Promise(() => undefined)
      },
    })
    const run = await first.start(flow, {}, { id: 'r' })
    await run.cancel('enough')
    await here.pass(2)
    const { journal } = await first.inspect('r')
    expect(journal.map(({ completion }) => completion.kind)).toEqual(['step-done', 'cancel-requested'])
    await first.stop({ grace: 0 })
    const result = here.open().get(flow, 'r').result()
    const ended = failureOf(result)
    await quiet()
    await here.pass(8)
    expect(await ended).toMatchObject({ kind: 'run-cancelled', cause: 'enough' })
  })

  test('a parent that waits for the child goes on', async () => {
    const here = place()
    const engine = here.open()
    const began = gate()
    const child = workflow({
      name: 'child',
      execute: async () => {
        began.open()
        await new Promise(() => undefined)
      },
    })
    const parent = workflow({
      name: 'parent',
      execute: async (ctx) =>
        await ctx.race([ctx.invoke(child, {}), step('quick', () => began.promise)], {
          waitForCancelled: true,
        }),
    })
    const result = engine.start(parent, {}, { id: 'p' }).then((run) => run.result())
    await quiet()
    await here.pass(8)
    await result
    expect(await here.statuses(engine)).toEqual({ p: 'completed', 'p/child': 'cancelled' })
  })

  test('one that cleans up with operations, or within the grace period, is left to do so', async () => {
    const here = place()
    const engine = here.open()
    const [forever, began] = [gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        try {
          began.open()
          await ctx.sleep('1d')
        } finally {
          await forever.promise
        }
      },
    })
    const run = await engine.start(flow, {}, { id: 'r' })
    const result = run.result().catch((error: unknown) => error)
    await began.promise
    await run.cancel()
    await here.pass(3)
    forever.open()
    expect(await result).toMatchObject({ code: 'CANCELLED' })
    await here.pass(10)
    expect(here.log.messages('warn')).toEqual([])
  })

  test('a run that nobody cancelled may await what it likes for as long as it likes', async () => {
    const here = place()
    const engine = here.open()
    const [forever, began] = [gate<string>(), gate()]
    const flow = workflow({
      name: 'w',
      execute: async () => {
        began.open()
        return await forever.promise
      },
    })
    const run = await engine.start(flow, {}, { id: 'r' })
    await began.promise
    await here.pass(60)
    forever.open('done')
    expect(await run.result()).toBe('done')
  })
})
