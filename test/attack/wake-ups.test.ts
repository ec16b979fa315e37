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
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { lasting } from './support/faulty-store.ts'

function engineOver(
  store = memoryStore(),
  options: { clock?: VirtualClock; patience?: number } = {},
): EmbeddedEngine {
  const engine = createEngine({ store, log: new LogBook(), ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

describe('nothing waits for ever', () => {
  test('a workflow that awaits nothing ends, live and after a restart, with operations of every kind under way', async () => {
    const store = lasting(memoryStore())
    const child = workflow({ name: 'child', execute: (ctx) => ctx.sleep('1h') })
    const flow = workflow({
      name: 'w',
      execute: (ctx) => {
        for (const operation of [
          step('s', () => new Promise(() => undefined)),
          ctx.sleep('1h'),
          ctx.waitForEvent('e'),
          ctx.invoke(child, {}),
          parallel([() => ctx.sleep('1h')]),
        ])
          void operation.then(() => undefined)
        return 'ended'
      },
    })
    expect(await flow.run({}, { id: 'r', engine: engineOver(store) })).toBe('ended')
  })

  test('execute may end while its replay still has completions to come', async () => {
    const store = lasting(memoryStore())
    const engine = engineOver(store)
    let early = false
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const all = [step('a', () => 1), step('b', () => 2), step('c', () => 3)].map((one) =>
          one.then((value) => value),
        )
        if (early) return await all[0]
        await Promise.all(all)
        await step('held', () => held.pass())
        return ctx.now()
      },
    })
    await flow.start({}, { id: 'r', engine })
    await held.reached
    await engine.stop({ grace: 0 })
    early = true
    expect(
      await (await flow.start({}, { id: 'r', engine: engineOver(store, { patience: 10 }) })).result(),
    ).toBe(1)
  })

  test('a replay that waits for something that is no operation is not lost when the engine stops', async () => {
    const store = lasting(memoryStore())
    const first = engineOver(store)
    const [held, bare] = [gate(), gate()]
    let replaying = false
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('a', () => 1)
        if (replaying) await bare.pass()
        await step('b', () => 2)
        return await step('c', () => held.pass())
      },
    })
    await flow.start({}, { id: 'r', engine: first })
    await held.reached
    await first.stop({ grace: 0 })
    replaying = true
    const second = engineOver(store, { patience: 3_600_000 })
    await flow.start({}, { id: 'r', engine: second })
    await bare.reached
    await second.stop({ grace: 0 })
    expect((await store.getRun('r'))?.status).toBe('pending')
  })

  test('R6: a thousand interrupted runs are resumed and end', async () => {
    const store = lasting(memoryStore())
    const engine = engineOver(store)
    const flow = workflow({
      name: 'w',
      execute: async (ctx, n: number) => {
        await step('a', () => n)
        await ctx.waitForEvent('go')
        return await step('b', () => n)
      },
    })
    for (let n = 0; n < 1000; n++) await flow.start(n, { id: `r${n}`, engine })
    await quiet()
    await engine.stop({ grace: 0 })
    const second = engineOver(store)
    const handles = await second.resume([flow])
    expect(handles).toHaveLength(1000)
    await Promise.all(handles.map((handle) => handle.signal('go')))
    const results = await Promise.all(handles.map((handle) => handle.result()))
    expect(results.reduce((sum: number, n) => sum + (n as number), 0)).toBe(499_500)
  })

  test('a listener that cancels the run as it is told changes nothing for the others', async () => {
    const store = lasting(memoryStore())
    const engine = engineOver(store)
    const told: RunEvent['kind'][] = []
    engine.on('step.completed', ({ run }) => void engine.find(run).cancel('from a listener'))
    engine.on('*', () => {
      throw new Error('a listener that throws')
    })
    engine.on('*', ({ kind }) => told.push(kind))
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => [await step('a', () => 1), await ctx.sleep('1h')],
    })
    const run = await flow.start({}, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(told).toContain('run.cancelled')
  })
})

describe('time that jumps', () => {
  test('a clock that goes back a day: what ctx.now says never does, and timers of before still fire', async () => {
    const clock = new VirtualClock(Date.UTC(2030, 0, 10))
    const engine = engineOver(memoryStore(), { clock })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const times = [ctx.now()]
        for (let i = 0; i < 3; i++) {
          await step('s', () => clock.jump(-86_400_000))
          times.push(ctx.now())
        }
        await ctx.sleep(1000)
        times.push(ctx.now())
        return { times, durations: ['s', 's#2', 's#3'].map((key) => ctx.steps[key]?.duration) }
      },
    })
    const run = await flow.start({}, { engine })
    const result = run.result()
    await quiet()
    clock.advance(2000)
    const { times, durations } = await result
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(durations.every((duration) => (duration ?? -1) >= 0)).toBe(true)
  })

  test('a clock that goes forward by a day: what is due fires, once, and the run goes on', async () => {
    const clock = new VirtualClock(Date.UTC(2030, 0, 10))
    const engine = engineOver(memoryStore(), { clock })
    let attempts = 0
    const flow = workflow({
      name: 'w',
      execute: (ctx) =>
        parallel([
          ctx.sleep('1h'),
          race([ctx.sleep('2h'), ctx.sleep('3h')], { stagger: '30m' }),
          step('slow', () => (++attempts === 1 ? new Promise(() => undefined) : 'second'), {
            timeout: '1h',
            retry: { initialDelay: '1h' },
          }),
          ctx.waitForEvent('never', { timeout: '5h', timeoutValue: 'late' }),
        ]),
    })
    const run = await flow.start({}, { engine })
    const result = run.result()
    for (let day = 0; day < 3; day++) {
      await quiet()
      clock.advance(86_400_000)
    }
    expect(await result).toEqual([undefined, undefined, 'second', 'late'])
    expect(attempts).toBe(2)
  })
})
