/** Who traces the runs of an engine, and what happens when nobody does, or badly. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { context, diag, DiagLogLevel } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import {
  createEngine,
  type EmbeddedEngine,
  type EngineOptions,
  memoryStore,
  parallel,
  step,
  workflow,
} from 'ai-workflows'
import { openTelemetry } from 'ai-workflows/opentelemetry'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { EmbeddedEngine as Embedded } from '../../src/engine/embedded-engine.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { registerSdk } from './support/watched.ts'

const flow = workflow({
  name: 'flow',
  execute: async () =>
    await parallel([
      step('a', ({ attempt }) => attempt === 2 || Promise.reject(new Error('no')), {
        retry: { initialDelay: 0 },
      }),
      async () => await step('b', () => 2),
    ]),
})

function engineWith(options: EngineOptions): EmbeddedEngine {
  const engine = createEngine({ store: memoryStore(), ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

function collecting(): { exporter: InMemorySpanExporter; tracerProvider: BasicTracerProvider } {
  const exporter = new InMemorySpanExporter()
  return {
    exporter,
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  }
}

describe('nobody', () => {
  const program = fileURLToPath(new URL('support/unobserved.ts', import.meta.url))
  const says = async (...args: string[]): Promise<unknown> =>
    JSON.parse((await promisify(execFile)(process.execPath, [program, ...args])).stdout)

  test('without an SDK the API is not even loaded', async () => {
    expect(await says()).toEqual({ result: [1], loaded: false })
    const entry = new URL('../../src/telemetry/open-telemetry.ts', import.meta.url).href
    expect(await says(entry)).toEqual({ result: [1], loaded: true }) // it would be seen
  })

  test('openTelemetry() without an SDK traces nothing, and changes nothing', async () => {
    const engine = engineWith({ telemetry: openTelemetry() })
    expect(await flow.run(undefined, { engine, id: 'r' })).toEqual([true, 2])
    expect((await engine.inspect('r')).notes.filter(({ kind }) => kind === 'trace')).toEqual([])
  })

  test('telemetry: false, whatever is registered', async () => {
    const sdk = registerSdk()
    onTestFinished(() => sdk.end())
    expect(await flow.run(undefined, { engine: engineWith({ telemetry: false }) })).toEqual([true, 2])
    expect(sdk.spans()).toEqual([])
    await flow.run(undefined, { engine: engineWith({}) })
    expect(sdk.named('run flow')).toHaveLength(1)
  })
})

test('an SDK that is registered after the engine was made traces it; after its first use it comes too late', async () => {
  const [used, unused] = [engineWith({}), engineWith({})]
  await flow.run(undefined, { engine: used })
  const sdk = registerSdk()
  onTestFinished(() => sdk.end())
  await flow.run(undefined, { engine: used })
  expect(sdk.spans()).toEqual([])
  await flow.run(undefined, { engine: unused })
  expect(sdk.named('run flow')).toHaveLength(1)
})

test('other providers than the global ones are used where they are given', async () => {
  const { exporter, tracerProvider } = collecting()
  await flow.run(undefined, { engine: engineWith({ telemetry: openTelemetry({ tracerProvider }) }) })
  const spans = exporter.getFinishedSpans()
  const run = spans.find(({ name }) => name === 'run flow')?.spanContext()
  expect(run).toBeDefined()
  // Without a context manager nothing follows the code, but all of it is known to be the run's.
  for (const span of spans) expect(span.spanContext().traceId).toBe(run?.traceId)
})

test('a bad option is refused', () => {
  expect(() => createEngine({ telemetry: {} as never })).toThrow(
    'createEngine() option "telemetry": expected openTelemetry() of "ai-workflows/opentelemetry", or false, got an object',
  )
  expect(() => openTelemetry({ tracerProvider: 7 as never })).toThrow('tracerProvider')
  expect(() => openTelemetry({ tracer: 7 } as never)).toThrow('"tracer"')
})

describe('an SDK that throws changes no run', () => {
  const thrower = (): never => {
    throw new Error('broken SDK')
  }
  const sampler: Sampler = { shouldSample: thrower, toString: () => 'broken' }
  const processor: SpanProcessor = {
    onStart: () => undefined,
    onEnd: thrower,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  }

  test.for([
    ['a sampler', new BasicTracerProvider({ sampler })],
    ['a span processor', new BasicTracerProvider({ spanProcessors: [processor] })],
  ] as const)('%s', async ([, tracerProvider]) => {
    const error = vi.fn<(message: string, ...rest: unknown[]) => void>()
    const silent = (): void => undefined
    diag.setLogger({ error, warn: silent, info: silent, debug: silent, verbose: silent }, DiagLogLevel.ERROR)
    onTestFinished(() => diag.disable())
    const engine = engineWith({ telemetry: openTelemetry({ tracerProvider }) })
    expect(await flow.run(undefined, { engine })).toEqual([true, 2])
    expect(error).toHaveBeenCalledWith('ai-workflows: the OpenTelemetry SDK threw', new Error('broken SDK'))
  })
})

test('nor does a context manager that throws, and a logger behind diag that does', async () => {
  const broken = (): never => {
    throw new Error('broken')
  }
  const manager = new AsyncLocalStorageContextManager()
  manager.with = broken
  context.setGlobalContextManager(manager)
  diag.setLogger({ error: broken, warn: broken, info: broken, debug: broken, verbose: broken })
  onTestFinished(() => {
    diag.disable()
    context.disable()
  })
  const { tracerProvider } = collecting()
  const engine = engineWith({ telemetry: openTelemetry({ tracerProvider }) })
  expect(await flow.run(undefined, { engine })).toEqual([true, 2])
})

test('an SDK that registered with an older copy of the API is told of, and runs go on', async () => {
  const sdk = registerSdk()
  const registered = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')]
  const { version } = registered as { version: string }
  Object.assign(registered as object, { version: '1.2.0' })
  onTestFinished(async () => {
    Object.assign(registered as object, { version })
    await sdk.end()
  })
  const log = new LogBook()
  expect(await flow.run(undefined, { engine: engineWith({ log }) })).toEqual([true, 2])
  const [told] = log.lines.filter(({ level }) => level === 'warn')
  expect(told?.message).toContain('npm ls @opentelemetry/api')
  expect(told?.fields?.['error']).toMatchObject({
    message: expect.stringContaining('registered with version 1.2.0'),
  })
})

test('an SDK whose API cannot be loaded is told of, once, and runs go on', async () => {
  const log = new LogBook()
  const engine = new Embedded({
    openStore: async () => memoryStore(),
    findTelemetry: () => Promise.reject(new Error("Cannot find package '@opentelemetry/api'")),
    log,
  })
  onTestFinished(() => engine.stop({ grace: 0 }))
  expect(await flow.run(undefined, { engine })).toEqual([true, 2])
  expect(log.messages('warn')).toEqual([expect.stringContaining('Runs are not traced')])
})
