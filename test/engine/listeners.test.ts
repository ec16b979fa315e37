/** `engine.on`: who is told, until when, and what a listener may do (`docs/events-and-logs.md`). */
import { createEngine, memoryStore, parallel, race, type RunEvent, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { gate, quiet } from '../spec/support/gate.ts'
import { LogBook, PLACES, sandbox } from '../spec/support/sandbox.ts'

describe('listening', () => {
  const flow = workflow({ name: 'flow', execute: () => step('a', () => 1) })

  test('to one kind, to all; until it is stopped, by the function or by the signal', async () => {
    const { engine } = await sandbox()
    const told: string[] = []
    const controller = new AbortController()
    const stop = engine.on('step.completed', ({ name }) => told.push(`one ${name}`))
    engine.on('*', ({ kind }) => told.push(`all ${kind}`), { signal: controller.signal })
    engine.on('*', () => told.push('never'), { signal: AbortSignal.abort() })
    await flow.run({}, { engine })
    expect(told.splice(0)).toEqual([
      'all run.started',
      'all step.started',
      'one a',
      'all step.completed',
      'all run.completed',
    ])
    controller.abort()
    await flow.run({}, { engine })
    expect(told.splice(0)).toEqual(['one a'])
    stop()
    stop()
    await flow.run({}, { engine })
    expect(told).toEqual([])
  })

  test('a function given twice is called twice, and stopped one by one', async () => {
    const { engine } = await sandbox()
    const listener = vi.fn<(event: RunEvent) => void>()
    const stop = engine.on('run.completed', listener)
    engine.on('run.completed', listener)
    await flow.run({}, { engine })
    stop()
    await flow.run({}, { engine })
    expect(listener).toHaveBeenCalledTimes(3)
  })

  test('who is stopped while an event is told is not told it, and who comes then is told the next one', async () => {
    const { engine } = await sandbox()
    const told: string[] = []
    const first = engine.on('run.completed', () => {
      told.push('first')
      first()
      second()
      engine.on('run.completed', () => told.push('third'))
    })
    const second = engine.on('run.completed', () => told.push('second'))
    await flow.run({}, { engine })
    expect(told).toEqual(['first'])
    await flow.run({}, { engine })
    expect(told).toEqual(['first', 'third'])
  })

  test('E6: what a listener throws or rejects with changes nothing, and is logged once for each', async () => {
    const { engine, log } = await sandbox()
    const told: string[] = []
    engine.on('*', () => {
      throw new Error('thrown')
    })
    engine.on('run.completed', () => Promise.reject(new Error('rejected')))
    engine.on('*', ({ kind }) => told.push(kind))
    expect(await flow.run({}, { engine })).toBe(1)
    expect(await flow.run({}, { engine })).toBe(1)
    await quiet()
    expect(told).toHaveLength(8)
    expect(log.lines.map(({ level, message, fields }) => [level, message, fields])).toEqual([
      ['warn', expect.stringMatching(/listener of "\*" threw/), { error: new Error('thrown') }],
      ['warn', expect.stringMatching(/listener of "run.completed" threw/), { error: new Error('rejected') }],
    ])
  })

  test('operations that a listener creates are no part of the run that it is told of', async () => {
    const { engine } = await sandbox()
    const sent: unknown[] = []
    engine.on('*', async ({ kind }) => {
      sent.push(await parallel([step(`send ${kind}`, () => kind)], { name: 'sending' }))
    })
    const parent = workflow({
      name: 'parent',
      execute: async (ctx) => {
        await parallel([step('a', () => 1)])
        await ctx.invoke(flow, {})
      },
    })
    await parent.run({}, { engine, id: 'r' })
    await quiet()
    expect(sent.flat()).toContain('group.started')
    expect((await engine.inspect('r')).journal.map(({ completion }) => completion.key)).toEqual(['a', 'flow'])
  })

  test.each(PLACES)(
    'a listener may ask the engine, and retry the run that it is told of: %s',
    async (place) => {
      const { engine } = await sandbox(place)
      const flaky = workflow({
        name: 'flaky',
        execute: () => step('a', () => (told.length === 2 ? 'well' : Promise.reject(new Error('no')))),
      })
      const told: unknown[] = []
      engine.on('run.failed', async ({ run }) => {
        told.push(await engine.find(run).status())
        await engine.get(flaky, run).retry()
      })
      const completed = new Promise<RunEvent<'run.completed'>>((resolve) =>
        engine.on('run.completed', resolve),
      )
      await flaky.start({}, { engine, id: 'r' })
      await completed
      expect(told).toEqual(['failed', 'failed'])
      expect(await engine.find('r').result()).toBe('well')
    },
  )

  test('a branch that is started late, because of a stagger, is told as progress', async () => {
    const clock = new VirtualClock(0)
    const { engine } = await sandbox('memory', { clock })
    const [first, second] = [gate<string>(), gate<string>()]
    const counts: unknown[] = []
    engine.on('group.progress', (event) => counts.push(event.counts))
    const slow = workflow({
      name: 'slow',
      execute: () =>
        race([step('first', () => first.pass()), step('second', () => second.pass())], { stagger: 100 }),
    })
    const run = await slow.start({}, { engine })
    await first.reached
    clock.advance(100)
    await second.reached
    const [total, completed, failed] = [2, 0, 0]
    expect(counts).toEqual([
      { total, completed, failed, running: 1 },
      { total, completed, failed, running: 2 },
    ])
    second.open('won')
    expect(await run.result()).toBe('won')
  })

  test('what nobody listens to is not made: no error is decoded for it', async () => {
    const engine = createEngine({ store: memoryStore(), log: new LogBook() }) // a sandbox listens
    onTestFinished(() => engine.stop({ grace: 0 }))
    const decoded = vi.spyOn(engine.codec, 'decodeError')
    const failing = workflow({
      execute: () => step('a', () => Promise.reject(new Error('no'))).catch(() => undefined),
    })
    await failing.run({}, { engine })
    const usual = decoded.mock.calls.length
    engine.on('step.completed', () => undefined)
    await failing.run({}, { engine })
    expect(decoded.mock.calls.length - usual).toBe(usual)
    engine.on('step.failed', () => undefined)
    await failing.run({}, { engine })
    expect(decoded.mock.calls.length - 2 * usual).toBe(usual + 1)
  })

  test('E7: an event that there is not, something that cannot be called, a bad option', async () => {
    const { engine } = await sandbox()
    const on = engine.on.bind(engine) as (...args: unknown[]) => unknown
    const listener = (): void => undefined
    const refused: readonly (readonly [unknown[], string])[] = [
      [['step.complete', listener], 'on(): unknown event "step.complete"; did you mean "step.completed"?'],
      [['Run.Failed', listener], 'on(): unknown event "Run.Failed"; did you mean "run.failed"?'],
      [['toString', listener], 'on(): unknown event "toString"; the events are run.started, run.waiting,'],
      [[undefined, listener], 'on(): expected the name of an event, such as "run.failed", got undefined'],
      [['*'], 'on() listener: expected a function, got undefined'],
      [['*', listener, { once: true }], 'on(): unknown option "once"; the options are signal'],
      [['*', listener, { signal: 1 }], 'on() option "signal": expected an AbortSignal, got 1'],
    ]
    for (const [args, message] of refused) expect(() => on(...args)).toThrow(message)
  })
})
