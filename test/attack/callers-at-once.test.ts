import {
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  race,
  type RunHandle,
  step,
  workflow,
} from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { VirtualClock } from 'ai-workflows/testing'
import { aborted, gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { faultyStore, lasting } from './support/faulty-store.ts'

function engineOver(store = memoryStore(), clock?: VirtualClock): EmbeddedEngine {
  const engine = createEngine({ store, log: new LogBook(), ...(clock === undefined ? {} : { clock }) })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

const stopped = expect.objectContaining({ code: 'ENGINE_STOPPED' })

describe('several callers of one run', () => {
  test('M12: a hundred starts of one id at once give one run, and a hundred results', async () => {
    const engine = engineOver()
    let calls = 0
    const flow = workflow({
      name: 'w',
      execute: (_ctx, input: { n: number }) => step('s', () => ++calls + input.n),
    })
    const runs = await Promise.all(
      Array.from({ length: 100 }, () => flow.start({ n: 1 }, { id: 'r', engine })),
    )
    expect(new Set(await Promise.all(runs.map((run) => run.result())))).toEqual(new Set([2]))
    expect(calls).toBe(1)
  })

  test('result, cancel, retry, signal and status at once: the run ends once, and each answers', async () => {
    for (let round = 0; round < 20; round++) {
      const engine = engineOver()
      const flow = workflow({
        name: 'w',
        execute: (ctx) => parallel([step('a', () => 1), ctx.sleep(5), step('b', () => 2)]),
      })
      const run = await flow.start({}, { id: 'r', engine })
      const verbs: ((one: RunHandle) => Promise<unknown>)[] = [
        (one) => one.result(),
        (one) => one.cancel('stop'),
        (one) => one.retry(),
        (one) => one.signal('x', 1),
        (one) => one.status(),
      ]
      const answers = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, i) => await verbs[(i + round) % verbs.length]?.(run)),
      )
      for (const answer of answers)
        if (answer.status === 'rejected')
          expect(['CANCELLED', 'RUN_CONFLICT']).toContain((answer.reason as { code: string }).code)
      await run.result().catch(() => undefined)
      expect(['cancelled', 'completed']).toContain(await run.status())
    }
  })

  test('two retries of a failed run at once: it is executed once', async () => {
    const engine = engineOver()
    let calls = 0
    const flow = workflow({
      name: 'w',
      execute: () =>
        step('s', () => {
          if (++calls === 1) throw new Error('once')
          return 'fine'
        }),
    })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    await Promise.allSettled([run.retry(), run.retry(), run.retry()])
    expect(await run.result()).toBe('fine')
    expect(calls).toBe(2)
  })

  test('a retry in the moment in which a run has failed is taken', async () => {
    const engine = engineOver()
    let calls = 0
    const flow = workflow({
      name: 'w',
      execute: () =>
        step('s', () => {
          if (++calls === 1) throw new Error('once')
          return 'fine'
        }),
    })
    const retried = new Promise((resolve, reject) => {
      engine.on('run.failed', () => void engine.get(flow, 'r').retry().then(resolve, reject))
    })
    const run = await flow.start({}, { id: 'r', engine })
    await run.result().catch(() => undefined)
    await retried
    expect(await run.result()).toBe('fine')
  })

  test('a run cancelled while its start is under way is cancelled', async () => {
    const faults = faultyStore(lasting(memoryStore()))
    const engine = engineOver(faults.store)
    const other = engineOver(faults.store)
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep('1h') })
    const letGo = faults.hold('pendingInbox')
    const starting = flow.start({}, { id: 'r', engine })
    await faults.held()
    await other.find('r').cancel('too early')
    const here = engine.find('r').cancel('again')
    letGo()
    const run = await starting
    await here
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED', kind: 'run-cancelled' })
    expect(await run.status()).toBe('cancelled')
  })

  test('an event sent before the run waits, and one sent while it is replayed, are received once each', async () => {
    const store = lasting(memoryStore())
    const engine = engineOver(store)
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        await step('first', () => held.pass())
        return [await ctx.waitForEvent<number>('n'), await ctx.waitForEvent<number>('n')]
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await held.reached
    await run.signal('n', 1)
    await engine.stop({ grace: 0 })
    held.open()
    const second = engineOver(store)
    const resuming = flow.start({}, { id: 'r', engine: second })
    await second.find('r').signal('n', 2)
    expect(await (await resuming).result()).toEqual([1, 2])
  })

  test('events for a run that has ended, and for one that does not exist', async () => {
    const engine = engineOver()
    const flow = workflow({ name: 'w', execute: () => 'done' })
    const run = await flow.start({}, { id: 'r', engine })
    expect(await run.result()).toBe('done')
    await run.signal('late', 1)
    expect(await run.result()).toBe('done')
    await expect(engine.find('nobody').signal('x')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  })

  test('a handle with the code of another workflow neither executes the run nor retries it', async () => {
    const store = lasting(memoryStore())
    const before = engineOver(store)
    const executed: string[] = []
    const flow = workflow({ name: 'right', execute: () => step('s', () => executed.push('right')) })
    const wrong = workflow({ name: 'wrong', execute: () => step('s', () => executed.push('wrong')) })
    const faults = faultyStore(store)
    faults.fail('pendingInbox', { problem: 'io' }) // the run is created, and given back
    await expect(flow.start({}, { id: 'r', engine: engineOver(faults.store) })).rejects.toMatchObject({
      code: 'STORE',
    })
    await before.stop()
    const engine = engineOver(store)
    const conflict = { code: 'RUN_CONFLICT' }
    await expect(engine.get(wrong, 'r').result()).rejects.toMatchObject(conflict)
    await expect(engine.get(wrong, 'r').cancel()).rejects.toMatchObject(conflict)
    await expect(engine.get(wrong, 'r').retry()).rejects.toMatchObject(conflict)
    expect(executed).toEqual([])
    await engine.get(flow, 'r').result()
    expect(executed).toEqual(['right'])
  })

  test('a step that cancels its own run synchronously, and one that stops the engine, do not hang', async () => {
    const store = lasting(memoryStore())
    const engine = engineOver(store)
    const flow = workflow({
      name: 'w',
      execute: (ctx, how: string) =>
        step('s', async ({ signal }) => {
          if (how === 'cancel') void engine.find(ctx.id).cancel('by itself')
          else void engine.stop({ grace: 0 })
          throw await aborted(signal)
        }),
    })
    await expect(flow.run('cancel', { id: '1', engine })).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(flow.run('stop', { id: '2', engine })).rejects.toEqual(stopped)
    await engine.stop()
    expect((await store.getRun('2'))?.status).toBe('pending')
  })
})

describe('R6: stopping', () => {
  test('R6: stop twice at once: both resolve only when the engine has stopped', async () => {
    const faults = faultyStore(memoryStore())
    const engine = engineOver(faults.store)
    const held = gate()
    const flow = workflow({ name: 'w', execute: () => step('s', () => held.pass()) })
    await flow.start({}, { id: 'r', engine })
    let ended = 0
    const stops = [engine.stop(), engine.stop({ grace: 0 })].map((one) => one.then(() => ended++))
    await quiet()
    expect(ended).toBe(0)
    held.open()
    await Promise.all(stops)
    await expect(faults.store.getRun('r')).rejects.toMatchObject({ problem: 'closed' })
  })

  test('R6: a step that ends within the grace is recorded, also when a child is being created meanwhile', async () => {
    const faults = faultyStore(lasting(memoryStore()))
    const engine = engineOver(faults.store)
    const held = gate<string>()
    let calls = 0
    const child = workflow({ name: 'child', execute: () => 'child' })
    const flow = workflow({
      name: 'w',
      execute: (ctx) =>
        parallel([
          step('s', () => {
            calls++
            return held.pass()
          }),
          ctx.invoke(child, {}),
        ]),
    })
    const letGo = faults.hold('createRun', ([run]) => (run as { id: string }).id !== 'r')
    const run = await flow.start({}, { id: 'r', engine })
    const result = run.result()
    result.catch(() => undefined)
    await faults.held()
    const stopping = engine.stop({ grace: '1h' })
    await quiet()
    letGo()
    await quiet()
    held.open('recorded')
    await stopping
    await expect(result).rejects.toEqual(stopped)
    expect(await flow.get('r', { engine: engineOver(faults.store) }).result()).toEqual(['recorded', 'child'])
    expect(calls).toBe(1)
  })

  test('R6: stop in a backoff, in a sleep and in a wait ends at once, and every run goes on elsewhere', async () => {
    const store = lasting(memoryStore())
    const clock = new VirtualClock(Date.now())
    const engine = engineOver(store, clock)
    let tries = 0
    const flow = workflow({
      name: 'w',
      execute: (ctx) =>
        parallel([
          ctx.sleep('1h'),
          ctx.waitForEvent<number>('e'),
          step(
            'tries',
            () => {
              if (++tries === 1) throw new Error('first')
              return tries
            },
            { retry: { maxAttempts: 2, backoff: 'fixed', initialDelay: '1h' } },
          ),
        ]),
    })
    const run = await flow.start({}, { id: 'r', engine })
    const result = run.result()
    await quiet()
    await engine.stop({ grace: '1h' })
    await expect(result).rejects.toEqual(stopped)
    expect(clock.pending).toBe(0)
    const later = new VirtualClock(clock.now() + 2 * 3_600_000)
    const again = await flow.start({}, { id: 'r', engine: engineOver(store, later) })
    await again.signal('e', 7)
    await quiet()
    later.advance(1)
    expect(await again.result()).toEqual([undefined, 7, 2])
  })

  test('R6: steps that ignore their signal hold the engine for the grace, and no longer', async () => {
    const store = lasting(memoryStore())
    const clock = new VirtualClock(Date.now())
    const engine = engineOver(store, clock)
    const deaf = gate()
    const flow = workflow({ name: 'w', execute: () => race([step('deaf', () => deaf.pass())]) })
    const run = await flow.start({}, { id: 'r', engine })
    await deaf.reached
    const result = run.result()
    result.catch(() => undefined)
    const stopping = engine.stop({ grace: 1000 })
    await quiet()
    clock.advance(1000)
    await stopping
    await expect(result).rejects.toEqual(stopped)
    deaf.open()
    await quiet()
    expect((await store.getRun('r'))?.status).toBe('pending')
  })

  test('R6: after a stop nothing starts, and everything says so', async () => {
    const engine = engineOver()
    const flow = workflow({ name: 'w', execute: () => 1 })
    const run = await flow.start({}, { engine })
    await engine.stop()
    await expect(flow.start({}, { engine })).rejects.toEqual(stopped)
    for (const verb of [
      run.result(),
      run.cancel(),
      run.retry(),
      run.signal('x'),
      run.status(),
      engine.list(),
      engine.resume([flow]),
    ])
      await expect(verb).rejects.toEqual(stopped)
  })

  test('R6: a start overtaken by the stop says that the engine is stopped, and leaves a run that can be resumed or none', async () => {
    const faults = faultyStore(lasting(memoryStore()))
    const engine = engineOver(faults.store)
    const flow = workflow({ name: 'w', execute: () => 'done' })
    await engine.list()
    const letGo = faults.hold('createRun')
    const starting = flow.start({}, { id: 'r', engine })
    starting.catch(() => undefined)
    await faults.held()
    const stopping = engine.stop()
    letGo()
    await stopping
    await expect(starting).rejects.toEqual(stopped)
    expect(await flow.run({}, { id: 'r', engine: engineOver(faults.store) })).toBe('done')
  })

  test('R6: who waits for a run that another engine executes is told when the own engine stops', async () => {
    const store = lasting(memoryStore())
    const clock = new VirtualClock(Date.now())
    const held = gate()
    const flow = workflow({ name: 'w', execute: () => step('s', () => held.pass()) })
    await flow.start({}, { id: 'r', engine: engineOver(store, new VirtualClock(clock.now())) })
    const waiting = engineOver(store, clock)
    const results = [waiting.find('r').result(), flow.get('r', { engine: waiting }).result()]
    const told = Promise.allSettled(results)
    await quiet()
    await waiting.stop()
    clock.advance(200)
    await quiet()
    expect(await told).toEqual([
      { status: 'rejected', reason: stopped },
      { status: 'rejected', reason: stopped },
    ])
    expect(clock.pending).toBe(0)
    held.open()
  })

  test('R6: an engine whose store never opened stops quietly', async () => {
    const engine = createEngine({ dir: '/dev/null/nowhere', log: new LogBook() })
    const listing = engine.list()
    const stopping = engine.stop()
    await expect(listing).rejects.toMatchObject({ code: 'STORE' })
    await stopping
  })
})
