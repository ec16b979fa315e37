/** Every span that is opened is ended, once, however its run goes on. */
import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { any, parallel, race, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gate, quiet } from '../spec/support/gate.ts'
import { sandbox } from '../spec/support/sandbox.ts'

const open = new Set<Span>()
const counting: SpanProcessor = {
  onStart: (span) => void open.add(span),
  onEnd: (span) => void open.delete(span as unknown as Span),
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
}
const exporter = new InMemorySpanExporter()
const complaints: string[] = []
const complain = (message: string): void => void complaints.push(message)
const silent = (): void => undefined
diag.setLogger(
  { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
  DiagLogLevel.WARN,
)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [counting, new SimpleSpanProcessor(exporter)] }),
)
afterAll(() => {
  trace.disable()
  context.disable()
  diag.disable()
})
beforeEach(() => exporter.reset())

/** Of ended spans that are ended again the SDK complains. */
afterEach(() => {
  expect([...open].map((span) => (span as unknown as ReadableSpan).name)).toEqual([])
  expect(complaints.splice(0)).toEqual([])
})

const named = (name: string): ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.name === name)
const statuses = (name: string): unknown[] =>
  named(name).map(({ attributes }) => attributes['ai_workflows.step.status'])

function pathOf(span: ReadableSpan): string {
  const parent = exporter
    .getFinishedSpans()
    .find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId)
  return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`
}
const paths = (name: string): string[] => named(name).map(pathOf)

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('losers, those that ran out of time, what ignores its signal, and what backs off when its run ends', async () => {
  const { engine } = await sandbox('memory')
  const hold = gate()
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      await race([step('winner', () => 1), step('loser', ({ signal }) => untilAborted(signal))])
      await any([step('fails', () => Promise.reject(new Error('no'))), step('wins', () => 1)])
      await parallel([step('late', () => hold.pass(), { timeout: 1 })], { settle: true })
      await parallel([step('later', ({ signal }) => untilAborted(signal))], { timeout: 1, timeoutValue: 0 })
      const failed = new Promise((resolve) => engine.on('step.retrying', resolve))
      void step('again', () => Promise.reject(new Error('busy')), {
        retry: { initialDelay: '1h' },
      }).catch(() => undefined)
      await failed
    },
  })
  await flow.run(undefined, { engine })
  expect(statuses('step again')).toEqual(['cancelled'])
  hold.open()
  await quiet()
})

test('a run that is cancelled while a step runs, another backs off, and a third waits for a place', async () => {
  const { engine } = await sandbox('memory')
  const flow = workflow({
    name: 'flow',
    execute: () =>
      parallel(
        [
          step('runs', ({ signal }) => untilAborted(signal)),
          step('again', () => Promise.reject(new Error('busy')), { retry: { initialDelay: '1h' } }),
          step('waits', () => 1),
        ],
        { concurrency: 2 },
      ),
  })
  const failed = new Promise((resolve) => engine.on('step.retrying', resolve))
  const run = await flow.start(undefined, { engine })
  await failed
  await quiet()
  await run.cancel()
  await run.result().catch(() => undefined)
  expect(statuses('step again')).toEqual(['cancelled'])
  expect(statuses('step runs')).toEqual(['cancelled'])
})

describe('a replay', () => {
  test('opens no span for groups that are over, and one for each that goes on', async () => {
    const box = await sandbox('sqlite')
    const hold = gate()
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        await parallel([step('a', () => 1)], { name: 'over' })
        await parallel([
          async () => {
            await parallel([step('b', () => 2)], { name: 'over inside' })
            await step('between', () => 2)
            await parallel([async () => await step('held', () => hold.pass())], { name: 'goes on' })
            await step('after', () => 3)
          },
        ])
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await hold.reached
    await quiet()
    const engine = await box.restart()
    exporter.reset()
    hold.open()
    await engine.resume([flow])
    await engine.get(flow, 'r').result()
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual([
      'step held',
      'parallel goes on',
      'step after',
      'parallel',
      'run flow',
    ])
    expect(paths('step held')).toEqual(['run flow > parallel > parallel goes on > step held'])
    expect(paths('step after')).toEqual(['run flow > parallel > step after'])
  })

  test('a step that backed off for long when its process ended nests in its group', async () => {
    const clock = new VirtualClock(0)
    const box = await sandbox('sqlite', { clock, parkAfter: '10d' })
    const flow = workflow({
      name: 'flow',
      execute: () =>
        parallel([
          () =>
            step('flaky', ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('no')) : 1), {
              retry: { initialDelay: '1h' },
            }),
        ]),
    })
    const failed = new Promise((resolve) => box.engine.on('step.retrying', resolve))
    await flow.start(undefined, { engine: box.engine, id: 'r' })
    await failed
    const engine = await box.restart()
    exporter.reset()
    await engine.resume([flow])
    await quiet()
    clock.advance(3_600_000)
    await engine.get(flow, 'r').result()
    expect(paths('attempt flaky')).toEqual(['run flow > parallel > step flaky > attempt flaky'])
  })
})

test('steps that a retry by hand executes anew nest where they are asked for', async () => {
  const { engine } = await sandbox('memory')
  let broken = true
  const fails = (name: string) => async () => {
    await parallel(
      [
        step(name, () => {
          if (broken) throw new Error('no')
        }),
      ],
      { name: `around ${name}` },
    )
  }
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      const results = await parallel([fails('a'), fails('b'), step('good', () => 1)], { settle: true })
      if (results.some(({ status }) => status === 'rejected')) throw new Error('no')
    },
  })
  const run = await flow.start(undefined, { engine, id: 'r' })
  await run.result().catch(() => undefined)
  broken = false
  exporter.reset()
  await run.retry()
  await run.result()
  expect(paths('step a')).toEqual(['run flow > parallel > parallel around a > step a'])
  expect(paths('step b')).toEqual(['run flow > parallel > parallel around b > step b'])
})

test('children that a fork starts nest where they are asked for', async () => {
  const { engine } = await sandbox('memory')
  const child = workflow({ name: 'child', execute: () => Promise.reject(new Error('no')) })
  const flow = workflow({
    name: 'flow',
    execute: async (ctx) => {
      const invoke = (id: string) => () =>
        parallel([() => ctx.invoke(child, undefined)], { name: `around ${id}`, settle: true })
      await parallel([invoke('a'), invoke('b'), step('good', () => 1)])
    },
  })
  const run = await flow.start(undefined, { engine, id: 'r' })
  await run.result()
  exporter.reset()
  await (await run.fork({ id: 'f' })).result()
  expect(paths('run child').toSorted()).toEqual([
    'run flow > parallel > parallel around a > run child',
    'run flow > parallel > parallel around b > run child',
  ])
})

test('code that goes on after its engine has stopped opens no span, and nothing is told of it', async () => {
  const box = await sandbox('memory')
  const foreign = gate()
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      await foreign.pass()
      await parallel([step('a', () => 1)])
    },
  })
  await flow.start(undefined, { engine: box.engine, id: 'r' })
  await foreign.reached
  await box.engine.stop({ grace: 0 })
  const told = box.events.length
  foreign.open()
  await quiet()
  expect(box.events.slice(told)).toEqual([])
  expect(named('parallel')).toEqual([])
})

test('a value that is no error, and cannot be made a text of, ends its span all the same', async () => {
  const { engine } = await sandbox('memory')
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      await step('a', () => Promise.reject(Object.create(null))).catch(() => undefined)
      await step('b', () => Promise.reject({ code: 7 })).catch(() => undefined)
    },
  })
  await flow.run(undefined, { engine })
  expect(named('step b')[0]?.status.message).toBe('{"code":7}')
})

test('a listener is told of a run in that run, whichever was recorded with it', async () => {
  const { engine } = await sandbox('sqlite')
  const flow = workflow({
    name: 'flow',
    execute: (_ctx, _name: string) => parallel([step('a', () => 1), step('b', () => 2)]),
  })
  const idOf = new Map<string, string>()
  const wrong: string[] = []
  engine.on('*', ({ kind, run }) => {
    const traceId = trace.getSpan(context.active())?.spanContext().traceId
    if (kind === 'run.started') idOf.set(run, `${traceId}`)
    if (`${traceId}` !== idOf.get(run)) wrong.push(kind)
  })
  await Promise.all(['x', 'y', 'z'].map((id) => flow.run(id, { engine, id })))
  expect(new Set(idOf.values()).size).toBe(3)
  expect(wrong).toEqual([])
})
