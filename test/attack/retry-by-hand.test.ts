import {
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  race,
  type RunEvent,
  step,
  workflow,
} from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { faultyStore, lasting } from './support/faulty-store.ts'

function engineOver(store = memoryStore(), events: RunEvent[] = []): EmbeddedEngine {
  const engine = createEngine({ store, log: new LogBook() })
  engine.on('*', (event) => events.push(event))
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** Fails until it is mended. */
class Fragile {
  broken = true
  readonly calls: string[] = []

  call(name: string): string {
    this.calls.push(name)
    if (this.broken) throw new Error(`${name} is broken`)
    return name
  }
}

describe('retry by hand', () => {
  test('a failed fan-out: only what did not succeed runs again', async () => {
    const engine = engineOver()
    const fragile = new Fragile()
    const calls: number[] = []
    const flow = workflow({
      name: 'w',
      execute: () =>
        parallel(
          Array.from({ length: 50 }, (_, i) =>
            step(`s${i}`, () => {
              calls.push(i)
              return i % 10 === 9 ? fragile.call(`s${i}`) : `s${i}`
            }),
          ),
          { settle: true },
        ).then((results) => {
          const bad = results.filter(({ status }) => status === 'rejected').length
          if (bad > 0) throw new Error(`${bad} failed`)
          return results.length
        }),
    })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toThrow('5 failed')
    fragile.broken = false
    await run.retry()
    expect(await run.result()).toBe(50)
    expect(calls.length).toBe(55)
    expect((await engine.inspect('r')).journal).toHaveLength(100)
  })

  test('a failed child: it is retried too, from where it was; a cancelled one as well', async () => {
    const engine = engineOver()
    const fragile = new Fragile()
    const done: string[] = []
    const child = workflow({
      name: 'child',
      execute: async (_ctx, name: string) => {
        await step('first', () => done.push(name))
        return await step('second', () => fragile.call(name))
      },
    })
    const waiting = workflow({
      name: 'waiting',
      execute: (ctx) =>
        fragile.broken
          ? ctx.waitForEvent('never')
          : ctx.waitForEvent('never', { timeout: 1, timeoutValue: 'late' }),
    })
    const flow = workflow({
      name: 'w',
      execute: (ctx) => parallel([ctx.invoke(child, 'a'), ctx.invoke(waiting, {})]),
    })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'CHILD_FAILED' })
    await engine
      .find('r/waiting')
      .result()
      .catch(() => undefined)
    expect(await engine.find('r/waiting').status()).toBe('cancelled')
    fragile.broken = false
    await run.retry()
    expect(await run.result()).toEqual(['a', 'late'])
    expect(done).toEqual(['a'])
  })

  test('a cancelled run: the request is not obeyed again', async () => {
    const engine = engineOver()
    const held = gate<string>()
    const flow = workflow({
      name: 'w',
      execute: async () => [await step('a', () => 1), await step('b', () => held.pass())],
    })
    const run = await flow.start({}, { id: 'r', engine })
    await held.reached
    await Promise.all([run.cancel('one'), run.cancel('two')])
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED' })
    held.open('b')
    await run.retry()
    expect(await run.result()).toEqual([1, 'b'])
  })

  test('a run whose group timed out gets the whole time again', async () => {
    const engine = engineOver()
    const held = gate<string>()
    const flow = workflow({
      name: 'w',
      execute: (ctx) => parallel([step('s', () => held.pass()), ctx.sleep(1)], { timeout: 20 }),
    })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'TIMEOUT' })
    held.open('in time')
    await run.retry()
    expect(await run.result()).toEqual(['in time', undefined])
  })

  test('an event that was received before the failure is received again, and no other is lost', async () => {
    const engine = engineOver()
    const fragile = new Fragile()
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const one = await ctx.waitForEvent<number>('e')
        await step('s', () => fragile.call('s'))
        return [one, await ctx.waitForEvent<number>('e')]
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await run.signal('e', 1)
    await run.signal('e', 2)
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    fragile.broken = false
    await run.retry()
    expect(await run.result()).toEqual([1, 2])
  })

  test('a step that succeeded in a catch block is reused when the code comes there again, and not run when it does not', async () => {
    const engine = engineOver()
    const fragile = new Fragile()
    const undone: string[] = []
    const flow = workflow({
      name: 'w',
      execute: async () => {
        try {
          return await step('s', () => fragile.call('s'))
        } catch (error) {
          await step('undo', () => undone.push('undo'))
          throw error
        }
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    await run.retry()
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    expect(undone).toEqual(['undo'])
    fragile.broken = false
    await run.retry()
    expect(await run.result()).toBe('s')
    expect(undone).toEqual(['undo'])
    await expect(run.retry()).rejects.toMatchObject({ code: 'RUN_CONFLICT' })
  })

  test('attempts are counted from one again, and ctx.steps tells when a reused step really ran', async () => {
    const engine = engineOver()
    const fragile = new Fragile()
    const attempts: number[] = []
    const infos: unknown[] = []
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        await step('good', () => 1)
        infos.push(ctx.steps['good'])
        await step(
          's',
          ({ attempt }) => {
            attempts.push(attempt)
            return fragile.call('s')
          },
          { retry: { maxAttempts: 2, initialDelay: 0 } },
        )
        return ctx.steps['s']?.attempts
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ attempts: 2 })
    fragile.broken = false
    await run.retry()
    expect(await run.result()).toBe(1)
    expect(attempts).toEqual([1, 2, 1])
    expect(infos[1]).toEqual(infos[0])
  })

  test('a crash in the middle of a retry: what the retry had recorded is replayed, the rest reused or run', async () => {
    for (let crashAfter = 0; crashAfter < 5; crashAfter++) {
      const faults = faultyStore(lasting(memoryStore()))
      const fragile = new Fragile()
      const calls: string[] = []
      const flow = workflow({
        name: 'w',
        execute: async (ctx) => {
          const [a, b] = await parallel([step('a', () => calls.push('a')), step('b', () => calls.push('b'))])
          const won = await race([step('c', () => 'c'), ctx.sleep('1h')])
          return [a, b, won, await step('d', () => fragile.call('d')), await step('e', () => 'e')]
        },
      })
      const engine = engineOver(faults.store)
      const run = await flow.start({}, { id: 'r', engine })
      await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
      fragile.broken = false
      faults.fail('commit', { after: crashAfter, times: Infinity, problem: 'io' })
      await run.retry().catch(() => undefined)
      await run.result().catch(() => undefined)
      await engine.stop({ grace: 0 })
      faults.recover()
      expect(await (await flow.start({}, { id: 'r', engine: engineOver(faults.store) })).result()).toEqual([
        1,
        2,
        'c',
        'd',
        'e',
      ])
      expect(calls).toEqual(['a', 'b'])
    }
  })

  test('a retried parent whose failed child fails again is told so once', async () => {
    const engine = engineOver()
    const fragile = new Fragile()
    const child = workflow({ name: 'child', execute: () => step('s', () => fragile.call('s')) })
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.invoke(child, {}) })
    const run = await flow.start({}, { id: 'r', engine })
    for (let time = 1; time <= 3; time++) {
      if (time > 1) await run.retry()
      await expect(run.result()).rejects.toMatchObject({ code: 'CHILD_FAILED' })
      expect(fragile.calls).toHaveLength(time)
    }
    fragile.broken = false
    await run.retry()
    expect(await run.result()).toBe('s')
  })

  test('a retry of a run that has just been cancelled with its child under way retries both', async () => {
    const engine = engineOver()
    const held = gate<string>()
    const child = workflow({ name: 'child', execute: () => step('s', () => held.pass()) })
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.invoke(child, {}) })
    const run = await flow.start({}, { id: 'r', engine })
    await held.reached
    await run.cancel()
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED' })
    held.open('fine')
    await run.retry()
    await quiet()
    expect(await run.result().catch((error: unknown) => (error as { code: string }).code)).toBe('fine')
  })
})
