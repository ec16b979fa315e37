/** Runs that go on later, in another engine: what a replay repeats is not traced again, and the first trace is found. */
import { context, trace } from '@opentelemetry/api'
import { parallel, step, timelineOf, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { gate } from '../spec/support/gate.ts'
import { PLACES, sandbox } from '../spec/support/sandbox.ts'
import { registerSdk } from './support/watched.ts'

const sdk = registerSdk()
beforeEach(() => sdk.reset())
afterAll(() => sdk.end())

const attributeOf = (name: string, attribute: string): unknown => sdk.span(name).attributes[attribute]
const names = (): string[] => sdk.spans().map(({ name }) => name)

test.for(PLACES)(
  'an interrupted run goes on in a span of its own, linked to the first: %s',
  async (place) => {
    const box = await sandbox(place)
    const hold = gate<string>()
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        await step('before', () => 1)
        await parallel([step('done', () => 2), async () => await step('held', () => hold.pass())], {
          name: 'both',
        })
        await parallel([step('after', () => 3)], { name: 'next' })
      },
    })
    await trace.getTracer('test').startActiveSpan('caller', async (span) => {
      await flow.start(undefined, { engine: box.engine, id: 'r' })
      span.end()
    })
    await hold.reached
    while ((await box.engine.inspect('r')).journal.length < 2) await new Promise(setImmediate)
    const engine = await box.restart()
    const first = sdk.span('run flow')
    expect(first.attributes['ai_workflows.run.status']).toBe('interrupted')
    expect(first.status.code).toBe(0)
    expect(attributeOf('step held', 'ai_workflows.cancel.kind')).toBe('engine-stopping')
    expect(sdk.pathOf(sdk.span('step held'))).toBe('caller > run flow > parallel both > step held')

    sdk.reset()
    hold.open('at last')
    const [run] = await engine.resume([flow])
    await run?.result()
    expect(names()).toEqual(['step held', 'parallel both', 'step after', 'parallel next', 'run flow'])
    const second = sdk.span('run flow')
    expect(second.parentSpanContext).toBeUndefined()
    expect(second.links.map((link) => link.context.spanId)).toEqual([first.spanContext().spanId])
    expect(second.links.map((link) => link.context.traceId)).toEqual([first.spanContext().traceId])
    expect(second.attributes).toMatchObject({
      'ai_workflows.run.id': 'r',
      'ai_workflows.run.status': 'completed',
      'ai_workflows.run.recorded_steps': 2,
    })
    expect(sdk.pathOf(sdk.span('step held'))).toBe('run flow > parallel both > step held')
    expect(attributeOf('step held', 'ai_workflows.step.attempt')).toBe(2)
    expect(sdk.pathOf(sdk.span('step after'))).toBe('run flow > parallel next > step after')
    // What is noted for it is no operation of the run.
    const { notes, ...history } = await engine.inspect('r')
    expect(notes.filter(({ kind }) => kind === 'trace')).toHaveLength(1)
    const keys = timelineOf({ notes, ...history }, Date.now()).operations.map(({ key }) => key)
    expect(keys.toSorted()).toEqual(['after', 'before', 'both/1/held', 'done'])
  },
)

test('a run that was put away while it waits has a span for each time that it executes', async () => {
  const clock = new VirtualClock(0)
  const { engine } = await sandbox('sqlite', { clock, parkAfter: 0 })
  const flow = workflow({
    name: 'sleeper',
    execute: async (ctx) => {
      await step('evening', () => 1)
      await ctx.sleep('8h')
      await step('morning', () => 2)
    },
  })
  const run = await flow.start(undefined, { engine })
  while ((await run.status()) !== 'waiting') {
    clock.advance(1000)
    await new Promise(setImmediate)
  }
  const evening = sdk.span('run sleeper')
  expect(evening.attributes['ai_workflows.run.status']).toBe('waiting')
  sdk.reset()
  while ((await run.status()) !== 'completed') {
    clock.advance(3_600_000)
    await new Promise(setImmediate)
  }
  expect(names()).toEqual(['step morning', 'run sleeper'])
  const morning = sdk.span('run sleeper')
  expect(morning.links.map((link) => link.context.spanId)).toEqual([evening.spanContext().spanId])
})

test('a step that backs off when its run is interrupted nests in its group when it is tried again', async () => {
  const box = await sandbox('sqlite')
  let broken = true
  const flow = workflow({
    name: 'retrying',
    execute: async () =>
      await parallel([
        step(
          'flaky',
          () => {
            if (broken) throw new Error('not yet')
            return 'well'
          },
          { retry: { initialDelay: 1, maxAttempts: 1000 } },
        ),
      ]),
  })
  const failed = new Promise((resolve) => box.engine.on('step.retrying', resolve))
  await flow.start(undefined, { engine: box.engine, id: 'r' })
  await failed
  const engine = await box.restart()
  expect(attributeOf('step flaky', 'ai_workflows.step.status')).toBeOneOf(['retrying', 'cancelled'])
  sdk.reset()
  broken = false
  await engine.resume([flow])
  expect(await engine.get(flow, 'r').result()).toEqual(['well'])
  const [attempt] = sdk.named('attempt flaky')
  expect(attempt && sdk.pathOf(attempt)).toBe('run retrying > parallel > step flaky > attempt flaky')
  expect(attempt?.attributes['ai_workflows.step.attempt']).toBeGreaterThan(1)
})

test('what a worker takes up is not taken for a part of what happened to run then', async () => {
  const box = await sandbox('sqlite')
  const hold = gate()
  const flow = workflow({ name: 'left', execute: async () => await step('wait', () => hold.pass()) })
  await flow.start(undefined, { engine: box.engine, id: 'r' })
  await hold.reached
  const engine = await box.restart()
  sdk.reset()
  hold.open()
  await trace.getTracer('test').startActiveSpan('boot', async (span) => {
    expect(trace.getSpan(context.active())).toBe(span)
    await engine.work([flow])
    await engine.get(flow, 'r').result()
    span.end()
  })
  expect(sdk.pathOf(sdk.span('run left'))).toBe('run left')
})
