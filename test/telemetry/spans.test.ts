/** Spans, as the real SDK gets them from real engines. */
import { trace } from '@opentelemetry/api'
import {
  any,
  CancelledError,
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  race,
  RunBlockedError,
  step,
  workflow,
} from 'ai-workflows'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { gate } from '../spec/support/gate.ts'
import { folder } from '../support/folder.ts'
import { registerSdk } from './support/watched.ts'

const sdk = registerSdk()
beforeEach(() => sdk.reset())
afterAll(() => sdk.end())

const tracer = trace.getTracer('test')
const kinds = ['memory', 'sqlite'] as const

function engineOver(kind: (typeof kinds)[number] = 'memory'): EmbeddedEngine {
  const place = kind === 'memory' ? { store: memoryStore() } : { dir: folder() }
  const engine = createEngine({ ...place, logLevel: 'silent' })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** An instrumented call, as of `fetch`. */
async function call(name: string): Promise<string> {
  return await tracer.startActiveSpan(name, async (span) => {
    await new Promise((resolve) => setImmediate(resolve))
    span.end()
    return name
  })
}

const paths = (name: string): string[] => sdk.named(name).map((span) => sdk.pathOf(span))

describe.for(kinds)('over %s', (kind) => {
  test('a run, its groups and its steps nest, and so does what a step calls', async () => {
    const flow = workflow({
      name: 'report',
      execute: async () => {
        await step('fetch', () => call('GET'))
        await parallel([step('a', () => call('in a')), async () => await step('b', () => call('in b'))])
        await step('save', () => call('PUT'))
      },
    })
    await flow.run(undefined, { engine: engineOver(kind), id: 'r1' })
    expect(paths('GET')).toEqual(['run report > step fetch > GET'])
    expect(paths('in a')).toEqual(['run report > parallel > step a > in a'])
    expect(paths('in b')).toEqual(['run report > parallel > step b > in b'])
    expect(paths('PUT')).toEqual(['run report > step save > PUT'])
    expect(sdk.span('run report').attributes).toEqual({
      'ai_workflows.workflow.name': 'report',
      'ai_workflows.run.id': 'r1',
      'ai_workflows.run.status': 'completed',
    })
    expect(sdk.span('step a').attributes).toEqual({
      'ai_workflows.workflow.name': 'report',
      'ai_workflows.run.id': 'r1',
      'ai_workflows.step.name': 'a',
      'ai_workflows.step.key': 'a',
      'ai_workflows.step.attempt': 1,
      'ai_workflows.step.status': 'completed',
    })
    const { instrumentationScope } = sdk.span('run report')
    expect(instrumentationScope).toMatchObject({ name: 'ai-workflows', version: manifest.version })
    expect(sdk.spans().map(({ status }) => status.code)).toEqual(sdk.spans().map(() => 0))
    expect(new Set(sdk.spans().map((span) => span.spanContext().traceId)).size).toBe(1)
  })

  test('branches that wait for a place nest in their group all the same, and so do the groups in them', async () => {
    const flow = workflow({
      name: 'crawl',
      execute: async () =>
        await parallel(
          [1, 2, 3].map((page) => async () => {
            await call(`branch ${page}`)
            await parallel([step('left', () => page), step('right', () => page)], { name: 'halves' })
          }),
          { name: 'pages', concurrency: 1 },
        ),
    })
    await flow.run(undefined, { engine: engineOver(kind) })
    for (const page of [1, 2, 3])
      expect(paths(`branch ${page}`)).toEqual([`run crawl > parallel pages > branch ${page}`])
    const left = 'run crawl > parallel pages > parallel halves > step left'
    expect(paths('step left')).toEqual([left, left, left])
    expect(sdk.span('parallel pages').attributes).toMatchObject({
      'ai_workflows.group.kind': 'parallel',
      'ai_workflows.group.key': 'pages',
      'ai_workflows.group.concurrency': 1,
      'ai_workflows.group.size': 3,
      'ai_workflows.group.completed': 3,
      'ai_workflows.group.failed': 0,
    })
  })
})

test('a span that the code of a run has opened is around the steps it awaits', async () => {
  const flow = workflow({
    name: 'phases',
    execute: async () => {
      await step('first', () => 1)
      await tracer.startActiveSpan('phase', async (span) => {
        await step('second', () => 2)
        await call('between')
        await step('third', () => 3)
        span.end()
      })
      await step('last', () => 4)
    },
  })
  await flow.run(undefined, { engine: engineOver() })
  expect(paths('step second')).toEqual(['run phases > phase > step second'])
  expect(paths('between')).toEqual(['run phases > phase > between'])
  expect(paths('step third')).toEqual(['run phases > phase > step third'])
  expect(paths('step last')).toEqual(['run phases > step last'])
})

test('a step that may be tried again has a span for each attempt, with what it threw', async () => {
  const flow = workflow({
    name: 'pay',
    execute: async () =>
      await step(
        'charge',
        async ({ attempt }) => {
          await call(`POST ${attempt}`)
          if (attempt < 3) throw new TypeError(`busy ${attempt}`)
          return attempt
        },
        { retry: { maxAttempts: 3, initialDelay: 1 } },
      ),
  })
  expect(await flow.run(undefined, { engine: engineOver() })).toBe(3)
  const attempts = sdk.named('attempt charge')
  expect(attempts.map(({ attributes }) => attributes['ai_workflows.step.attempt'])).toEqual([1, 2, 3])
  expect(attempts.map(({ status }) => status)).toEqual([
    { code: 2, message: 'busy 1' },
    { code: 2, message: 'busy 2' },
    { code: 0 },
  ])
  expect(attempts[0]?.attributes['error.type']).toBe('TypeError')
  expect(attempts[0]?.events).toMatchObject([
    { name: 'exception', attributes: { 'exception.type': 'TypeError', 'exception.message': 'busy 1' } },
  ])
  for (const attempt of [1, 2, 3])
    expect(paths(`POST ${attempt}`)).toEqual([`run pay > step charge > attempt charge > POST ${attempt}`])
  expect(sdk.span('step charge').status.code).toBe(0)
  expect(sdk.span('step charge').attributes['ai_workflows.step.status']).toBe('completed')
})

test('a step that fails, and the run with it, have the error', async () => {
  const flow = workflow({
    name: 'broken',
    execute: async () =>
      await step('read', () => {
        throw new RangeError('too far')
      }),
  })
  await expect(flow.run(undefined, { engine: engineOver() })).rejects.toThrow('read')
  const failed = sdk.span('step read')
  expect(failed.status).toEqual({ code: 2, message: 'too far' })
  expect(failed.attributes).toMatchObject({
    'error.type': 'RangeError',
    'ai_workflows.step.status': 'failed',
  })
  const run = sdk.span('run broken')
  expect(run.status.code).toBe(2)
  expect(run.attributes).toMatchObject({ 'error.type': 'StepError', 'ai_workflows.run.status': 'failed' })
  expect(run.events.map(({ name }) => name)).toEqual(['exception'])
})

test('what is cancelled is no error: losers of a race, siblings of a failure, a cancelled run', async () => {
  const untilAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const flow = workflow({
    name: 'contest',
    execute: async () => {
      await race([step('winner', () => 1), step('loser', ({ signal }) => untilAborted(signal))])
      await any([step('only', () => 1)])
      await step('endless', ({ signal }) => untilAborted(signal))
    },
  })
  const engine = engineOver()
  const begun = new Promise<void>((resolve) => {
    engine.on('step.started', ({ name }) => {
      if (name === 'endless') resolve()
    })
  })
  const run = await flow.start(undefined, { engine })
  await begun
  await run.cancel()
  await expect(run.result()).rejects.toThrow(CancelledError)
  expect(sdk.span('step loser').status.code).toBe(0)
  expect(sdk.span('step loser').attributes).toMatchObject({
    'ai_workflows.step.status': 'cancelled',
    'ai_workflows.cancel.kind': 'race-lost',
  })
  expect(sdk.span('step endless').attributes['ai_workflows.cancel.kind']).toBe('run-cancelled')
  expect(sdk.span('run contest').status.code).toBe(0)
  expect(sdk.span('run contest').attributes['ai_workflows.run.status']).toBe('cancelled')
  expect(sdk.pathOf(sdk.span('step loser'))).toBe('run contest > race > step loser')
  expect(sdk.pathOf(sdk.span('step only'))).toBe('run contest > any > step only')
})

test('a child run nests in the run that invoked it, and a run in whoever started it', async () => {
  const child = workflow({ name: 'child', execute: async () => await step('inner', () => call('deep')) })
  const parent = workflow({
    name: 'parent',
    execute: async (ctx) => await parallel([() => ctx.invoke(child, undefined)], { name: 'children' }),
  })
  const engine = engineOver()
  await tracer.startActiveSpan('POST /orders', async (span) => {
    await parent.run(undefined, { engine, id: 'p' })
    span.end()
  })
  expect(paths('deep')).toEqual([
    'POST /orders > run parent > parallel children > run child > step inner > deep',
  ])
  expect(sdk.span('run child').attributes['ai_workflows.run.parent_id']).toBe('p')
})

test('what undoes a step, and a retry in a branch of a group, nest where they belong', async () => {
  const flow = workflow({
    name: 'trip',
    execute: async () => {
      await step('book', () => call('POST'), { compensate: () => call('DELETE') })
      await parallel([
        async () =>
          await step('pay', () => Promise.reject(new Error('declined')), {
            retry: { initialDelay: 1, maxAttempts: 2 },
          }),
      ])
    },
  })
  await expect(flow.run(undefined, { engine: engineOver() })).rejects.toThrow('pay')
  const attempt = 'run trip > parallel > step pay > attempt pay'
  expect(paths('attempt pay')).toEqual([attempt, attempt])
  expect(sdk.span('step pay').status).toEqual({ code: 2, message: 'declined' })
  expect(sdk.pathOf(sdk.span('step compensation of book'))).toBe('run trip > step compensation of book')
  expect(paths('DELETE').map((path) => path.split(' > ').at(-2))).toEqual(['attempt compensation of book'])
})

test('a run whose code does not fit its journal is blocked, with an error', async () => {
  const store = memoryStore()
  let name = 'old'
  const hold = gate()
  const flow = workflow({
    name: 'changed',
    execute: async () => {
      await step(name, () => 1)
      await step('wait', () => hold.pass())
    },
  })
  const before = createEngine({ store: { ...store, close: async () => undefined }, logLevel: 'silent' })
  await flow.start(undefined, { engine: before, id: 'r' })
  await hold.reached
  await before.stop({ grace: 0 })
  name = 'new'
  const engine = createEngine({ store, logLevel: 'silent', patience: 0 })
  onTestFinished(() => engine.stop({ grace: 0 }))
  sdk.reset()
  await engine.resume([flow])
  await expect(engine.get(flow, 'r').result()).rejects.toThrow(RunBlockedError)
  expect(sdk.span('run changed').status.code).toBe(2)
  expect(sdk.span('run changed').attributes).toMatchObject({
    'ai_workflows.run.status': 'blocked',
    'error.type': 'NonDeterminismError',
  })
})

test('runs that are executed at once do not get into each other', async () => {
  const flow = workflow({
    name: 'one',
    execute: async (_ctx, name: string) =>
      await parallel([0, 1, 2, 3].map((n) => step(`${name}${n}`, () => call(`${name}${n}!`)))),
  })
  const engine = engineOver('sqlite')
  await Promise.all(['a', 'b', 'c'].map((name) => flow.run(name, { engine, id: name })))
  for (const name of ['a', 'b', 'c'])
    for (const n of [0, 1, 2, 3]) {
      const inner = sdk.span(`${name}${n}!`)
      expect(sdk.pathOf(inner)).toBe(`run one > parallel > step ${name}${n} > ${name}${n}!`)
      const [run] = sdk
        .named('run one')
        .filter(({ attributes }) => attributes['ai_workflows.run.id'] === name)
      expect(inner.spanContext().traceId).toBe(run?.spanContext().traceId)
    }
})

test('no span is kept longer than its step runs', async () => {
  const flow = workflow({
    name: 'many',
    execute: async () => {
      await parallel(
        Array.from({ length: 1000 }, (_, n) => () => step('page', () => n)),
        { concurrency: 10 },
      )
      expect(sdk.named('step page')).toHaveLength(1000) // all have ended, while the run goes on
    },
  })
  await flow.run(undefined, { engine: engineOver() })
  expect(sdk.named('step page')).toHaveLength(1000)
})
