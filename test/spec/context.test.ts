/** `ctx`: everything on it is the same on replay. */
import { inspect } from 'node:util'
import { type Context, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { gate } from './support/gate.ts'
import { PLACES, sandbox, type Sandbox, started } from './support/sandbox.ts'

/** Runs a body up to its end, crashes, and lets it run again: what it gave each time. */
async function twice<T>(box: Sandbox, body: (ctx: Context, life: number) => Promise<T>): Promise<[T, T]> {
  const [reached, leave] = [gate(), gate()]
  const seen: T[] = []
  const flow = workflow({
    name: 'twice',
    execute: async (ctx) => {
      const life = seen.length
      seen[life] = await body(ctx, life)
      await step('crash here', () => {
        reached.open()
        return leave.promise
      })
    },
  })
  await flow.start(undefined, { engine: box.engine, id: 'twice' })
  await reached.promise
  await box.restart()
  leave.open()
  await flow.run(undefined, { engine: box.engine, id: 'twice' })
  return [seen[0]!, seen[1]!]
}

describe.each(PLACES)('ctx on %s', (place) => {
  test('id, name, input and signal', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'flow',
      execute: (ctx, input: { a: number }) => [ctx.id, ctx.name, ctx.input === input, ctx.signal.aborted],
    })
    expect(await flow.run({ a: 1 }, { engine: box.engine, id: 'x' })).toEqual(['x', 'flow', true, false])
    const nameless = workflow({ execute: (ctx) => ctx.name })
    expect(await nameless.run(undefined, { engine: box.engine })).toBeUndefined()
  })

  test('D6: now, random and uuid are the same on replay, and follow the run', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const begin = clock.now()
    const [live, replayed] = await twice(box, async (ctx) => {
      const values: unknown[] = [ctx.now(), ctx.random(), ctx.uuid()]
      await step('a', () => clock.advance(1000))
      values.push(ctx.now(), ctx.random(), ctx.uuid(), ctx.now())
      await step('b', () => clock.advance(500))
      values.push(ctx.now(), ctx.random())
      return values
    })
    expect(replayed).toEqual(live)
    expect([live[0], live[3], live[6], live[7]]).toEqual([begin, begin + 1000, begin + 1000, begin + 1500])
    expect(new Set([live[1], live[4], live[8]]).size).toBe(3)
    expect(live[2]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(live[5]).not.toBe(live[2])
  })

  test('steps: status, times and attempts, the same on replay', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const begin = clock.now()
    const info = (ctx: Context): unknown => JSON.parse(JSON.stringify(ctx.steps))
    const flow = twice(box, async (ctx) => {
      const seen = [info(ctx)]
      await step('charge', async () => await clock.advance(250))
      await step('flaky', ({ attempt }) => (attempt < 2 ? Promise.reject(new Error('no')) : null), {
        retry: { initialDelay: 10, jitter: false },
      })
      await step('fails', () => Promise.reject(new Error('no'))).catch(() => undefined)
      await race([step('loses', () => new Promise(() => undefined)), step('wins', () => 1)])
      await parallel({ in: async () => await step('a branch', () => 1) })
      seen.push(info(ctx))
      return seen
    })
    await clock.armed(10)
    await clock.advance(10)
    const [live, replayed] = await flow
    expect(replayed).toEqual(live)
    const [at, later] = [begin + 250, begin + 260]
    expect(live).toEqual([
      {},
      {
        charge: { status: 'completed', startedAt: begin, completedAt: at, duration: 250, attempts: 1 },
        flaky: { status: 'completed', startedAt: later, completedAt: later, duration: 0, attempts: 2 },
        fails: { status: 'failed', startedAt: later, completedAt: later, duration: 0, attempts: 1 },
        loses: { status: 'cancelled', attempts: 0 },
        wins: { status: 'completed', startedAt: later, completedAt: later, duration: 0, attempts: 1 },
        'parallel/in/a branch': {
          status: 'completed',
          startedAt: later,
          completedAt: later,
          duration: 0,
          attempts: 1,
        },
      },
    ])
  })

  test('steps cannot be written to, and hold any name', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        await step('__proto__', () => 1)
        await step('constructor', () => 1)
        expect(() => Object.assign(ctx.steps, { a: 1 })).toThrow(TypeError)
        return [
          Object.keys(ctx.steps),
          ctx.steps['__proto__']?.status,
          ctx.steps['constructor']?.status,
          ctx.steps['toString'],
        ]
      },
    })
    expect(await flow.run(undefined, { engine: box.engine })).toEqual([
      ['__proto__', 'constructor'],
      'completed',
      'completed',
      undefined,
    ])
  })

  test('everything on it can be taken off it: by destructuring, by spreading, through a proxy', async () => {
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        const { signal, steps, log, step: own, now, uuid } = ctx
        await own(`a ${uuid().length}`, () => now())
        const copy = { ...ctx }
        const proxy = new Proxy(ctx, {})
        return [copy, proxy, Object.create(ctx) as Context].every(
          (one) => one.signal === signal && one.steps === steps && one.log === log && one.step === own,
        )
      },
    })
    const { engine } = await sandbox(place)
    expect(await flow.run(undefined, { engine })).toBe(true)
  })

  test('steps: one that runs is there, and console.log shows what is there', async () => {
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        const seen: unknown[] = [Object.keys(ctx.steps), 'slow' in ctx.steps]
        const never = step('slow', () => new Promise(() => undefined))
        await race([never, step('quick', () => 1)])
        const held = Promise.withResolvers<void>()
        const running = parallel([step('runs', () => held.promise)]).then(() => undefined)
        await step('meanwhile', () => 1)
        seen.push(inspect(ctx.steps).includes('slow'), ctx.steps['runs']?.status, Object.keys(ctx.steps))
        held.resolve()
        await running
        seen.push(ctx.steps['runs']?.status)
        return seen
      },
    })
    const { engine } = await sandbox(place)
    expect(await flow.run(undefined, { engine })).toEqual([
      [],
      false,
      true,
      'running',
      expect.arrayContaining(['slow', 'quick', 'meanwhile', 'runs']),
      'completed',
    ])
  })

  test('sleep is a durable timer: it goes on while nothing runs', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const flow = workflow({
      name: 'sleeper',
      execute: async (ctx) => {
        const begin = ctx.now()
        await ctx.sleep('2h')
        await step('after', () => undefined)
        return ctx.now() - begin
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await clock.armed(7_200_000)
    await clock.advance(3_600_000)
    await box.restart()
    await clock.advance(7_000_000)
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    await clock.armed(-3_400_000)
    await clock.advance(0)
    expect(await run.result()).toBe(10_600_000)
    expect(started(box.events)).toEqual(['after'])
  })

  test('sleep: of nothing, of several at once, and given up', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const flow = workflow({
      name: 'sleeper',
      execute: async (ctx) => {
        await ctx.sleep(0)
        await parallel([ctx.sleep('1s'), ctx.sleep('1s'), ctx.sleep(500)])
        return await race({ long: ctx.sleep('1w'), short: ctx.sleep('1s') })
      },
    })
    const run = await flow.start(undefined, { engine: box.engine })
    for (const delay of [0, 1000, 1000]) {
      await clock.armed(delay)
      await clock.advance(delay)
    }
    expect(await run.result()).toEqual({ winner: 'short', value: undefined })
  })
})
