/** Functions that users give for other things than work: whatever they do, runs go on, and say what was wrong. */
import {
  createEngine,
  type EmbeddedEngine,
  type EngineOptions,
  type Logger,
  memoryStore,
  parallel,
  race,
  type RetryOptions,
  step,
  workflow,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runInline } from '../../src/core/inline.ts'
import { gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { expectNoStrays } from '../spec/support/strays.ts'
import { raise, throwingProxy } from './support/hostile-flows.ts'

const strays = expectNoStrays()

function engineOver(options: EngineOptions = {}): EmbeddedEngine {
  const engine = createEngine({ store: memoryStore(), log: new LogBook(), ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** The ways in which a function may misbehave. */
const MISDEEDS: readonly (readonly [string, () => unknown])[] = [
  ['throws', () => raise(new Error('misdeed'))],
  ['throws undefined', () => raise(undefined)],
  ['throws a proxy that throws', () => raise(throwingProxy(new Error('x')))],
  ['rejects', () => Promise.reject(new Error('misdeed'))],
  ['never settles', () => new Promise(() => undefined)],
  ['returns nonsense', () => throwingProxy({})],
  ['returns a thenable that throws', () => ({ then: () => raise(new Error('then')) })],
]

describe.each(MISDEEDS)('E6: that %s', (_, misdeed) => {
  test('an onProgress changes nothing', async () => {
    const outside = (): PromiseLike<number[]> =>
      parallel([step('a', () => 1), step('b', () => 2)], { onProgress: misdeed })
    expect(await runInline({ log: new LogBook() }, outside)).toEqual([1, 2])
    const flow = workflow({
      name: 'w',
      execute: () => parallel([step('a', () => 1), () => step('b', () => 2)], { onProgress: misdeed }),
    })
    expect(await flow.run({}, { engine: engineOver() })).toEqual([1, 2])
  })

  test('an observer changes nothing, and the other observers are told', async () => {
    const engine = engineOver()
    const seen: string[] = []
    engine.on('*', misdeed)
    engine.on('*', ({ kind }) => void seen.push(kind))
    const flow = workflow({ name: 'w', execute: () => parallel([step('a', () => 1)]) })
    expect(await flow.run({}, { engine })).toEqual([1])
    await quiet()
    expect(seen).toContain('run.completed')
  })

  test.each(['debug', 'info', 'warn', 'error'] as const)(
    'a logger, at level %s, changes nothing: not in steps, not in execute, not where the library logs',
    async (level) => {
      const log: Logger = Object.assign(new LogBook(), { [level]: misdeed })
      const warnings: Error[] = []
      const onWarning = (warning: Error): void => void warnings.push(warning)
      process.on('warning', onWarning)
      const flow = workflow({
        name: 'w',
        execute: async (ctx, seen: string[]) => {
          ctx.log[level]('in execute')
          void step('never awaited', () => 1) // the library warns of it
          void Promise.reject(new Error('nobody waits for it')) // and logs this as an error
          const [a] = await parallel([step('a', ({ log }) => (log[level]('in a step'), 1))], {
            onProgress: () => raise(new Error('the library warns of this')),
          })
          await step('b', () => raise(new Error('b')), {
            retry: { retryIf: () => raise(new Error('the library warns of this, too')) },
          }).catch(() => undefined)
          return [a, ...seen]
        },
      })
      expect(await flow.run(['x'], { engine: engineOver({ log }) })).toEqual([1, 'x'])
      await quiet()
      process.off('warning', onWarning)
      expect(strays.splice(0)).toHaveLength(1) // the one of execute's own
      const told = warnings.filter(({ message }) => /logger threw/.test(message))
      expect(told.length).toBeLessThanOrEqual(1)
    },
  )

  test.each(['retryIf', 'backoff'] as const)(
    'a %s ends in the failure of its step, and is warned of',
    async (option) => {
      const log = new LogBook()
      const clock = new VirtualClock()
      let calls = 0
      const retry = { initialDelay: 0, maxDelay: 0, maxAttempts: 3, [option]: misdeed } as RetryOptions
      const flow = workflow({
        name: 'w',
        execute: () => step('s', () => (calls++, raise(new Error(`call ${calls}`))), { retry }),
      })
      await expect(flow.run({}, { engine: engineOver({ log, clock }) })).rejects.toMatchObject({
        code: 'STEP_FAILED',
      })
      // Any object is as good as `true` to `retryIf`; a promise is not, because it says nothing yet.
      const isAnswer = option === 'retryIf' && log.lines.length === 0
      expect(calls).toBe(isAnswer ? 3 : 1)
      if (!isAnswer) expect(log.messages('warn')).toEqual([expect.stringContaining('retry policy')])
    },
  )

  test('an event filter fails its own wait, if it gives no answer, and keeps the event for others', async () => {
    const engine = engineOver()
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const picky = await ctx.waitForEvent('e', { filter: misdeed as () => boolean }).then(
          () => 'received',
          () => 'failed',
        )
        return [picky, picky === 'failed' ? await ctx.waitForEvent('e') : 'gone']
      },
    })
    const run = await flow.start({}, { engine })
    await run.signal('e', 1)
    expect([
      ['failed', 1],
      ['received', 'gone'],
    ]).toContainEqual(await run.result())
  })
})

test('E6: predicates that are async are refused, not taken for a yes', async () => {
  const engine = engineOver()
  const flow = workflow({
    name: 'w',
    execute: (ctx) => ctx.waitForEvent('e', { filter: (async () => false) as never }),
  })
  const run = await flow.start({}, { engine })
  await run.signal('e', 1)
  await expect(run.result()).rejects.toThrow('it has to decide at once, so it cannot be async')
})

describe('M13: schemas', () => {
  const schema = (validate: (value: unknown) => unknown): never =>
    ({ '~standard': { version: 1, vendor: 'test', validate } }) as never
  const nonsense: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['throws', () => raise(new Error('broken schema')), /broken schema/],
    ['rejects', () => Promise.reject(new Error('broken schema')), /broken schema/],
    ['returns nothing', () => undefined, /its schema returned undefined instead of a result/],
    ['resolves to a text', () => Promise.resolve('fine'), /its schema returned "fine" instead of a result/],
    ['has issues that are none', () => ({ issues: 7 }), /./],
    ['returns a proxy that throws', () => throwingProxy({}), /trap/],
  ]

  test.each(nonsense)(
    'M13: one that %s refuses the input, output or child, and no more',
    async (_, validate, says) => {
      const engine = engineOver()
      const good = workflow({ name: 'good', execute: () => step('s', () => 'good') })
      const input = workflow({ name: 'input', input: schema(validate), execute: () => 1 })
      const output = workflow({ name: 'output', output: schema(validate), execute: () => 1 })
      const parent = workflow({
        name: 'parent',
        execute: (ctx) =>
          parallel([ctx.invoke(input, 1 as never), step('beside', () => 1)], { settle: true }),
      })
      const run = await good.start({}, { engine })
      await expect(input.run(1, { engine })).rejects.toThrow(says)
      await expect(output.run({}, { engine, id: 'output' })).rejects.toThrow(says)
      expect(await engine.find('output').status()).toBe('failed')
      expect(await parent.run({}, { engine })).toMatchObject([
        { status: 'rejected', reason: { code: 'CHILD_FAILED' } },
        { status: 'fulfilled', value: 1 },
      ])
      expect(await run.result()).toBe('good')
    },
  )

  test('M13, R6: one that never settles holds up its run, and not the engine when it stops', async () => {
    const engine = engineOver()
    const [asked, askedOfChild] = [gate(), gate()]
    const output = workflow({ name: 'output', output: schema(() => asked.pass()), execute: () => 1 })
    const child = workflow({ name: 'child', input: schema(() => askedOfChild.pass()), execute: () => 1 })
    const parent = workflow({
      name: 'parent',
      execute: (ctx) => race([ctx.invoke(child, 1 as never), ctx.waitForEvent('go')]),
    })
    const runs = [await output.start({}, { engine }), await parent.start({}, { engine })]
    const results = Promise.allSettled(runs.map((run) => run.result()))
    await runs[1]?.signal('go')
    await Promise.all([asked.reached, askedOfChild.reached])
    await quiet()
    await engine.stop({ grace: 0 })
    for (const result of await results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ENGINE_STOPPED' } })
  })
})

test('a thenable that never settles is ended by the timeout, in a step, a branch and outside', async () => {
  const never = (): PromiseLike<never> => ({ then: () => new Promise<never>(() => undefined) })
  const clock = new VirtualClock()
  const engine = engineOver({ clock })
  const flow = workflow({
    name: 'w',
    execute: async () => [
      await step('s', never, { timeout: 50 }).catch(({ cause }) => (cause as { code: string }).code),
      await parallel([never, step('t', never)], { timeout: 50 }).catch(({ code }) => code as string),
    ],
  })
  const run = await flow.start({}, { engine })
  const result = run.result()
  for (let turn = 0; turn < 3; turn++) {
    await quiet()
    clock.advance(50)
  }
  expect(await result).toEqual(['TIMEOUT', 'TIMEOUT'])
  expect(clock.pending).toBe(0)
  await expect(step('s', never, { timeout: 5 })).rejects.toMatchObject({ cause: { code: 'TIMEOUT' } })
})

test('a run that was cancelled ends, whatever its code throws then', async () => {
  const engine = engineOver()
  const last = [
    () => raise(throwingProxy(new Error('x'))),
    () => raise(Object.defineProperty(new Error('x'), 'cause', { get: () => raise(new Error('getter')) })),
    () => raise(undefined),
    () => overflow(),
  ]
  const flow = workflow({
    name: 'w',
    execute: async (ctx, which: number) => {
      try {
        await ctx.sleep('1h')
      } finally {
        last[which]?.()
      }
    },
  })
  for (const which of last.keys()) {
    const run = await flow.start(which, { engine })
    await run.cancel()
    await run.result().catch(() => undefined)
    expect(await run.status()).toBe('failed')
  }
})

function overflow(): number {
  return overflow() + 1
}
