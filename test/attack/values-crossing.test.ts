import { createEngine, type EmbeddedEngine, memoryStore, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gate } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { lasting } from './support/faulty-store.ts'

function engineOver(store = memoryStore()): EmbeddedEngine {
  const engine = createEngine({ store, log: new LogBook() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** What the run's result is here, and for another engine that only reads it. */
async function outcome(
  flow: { start(input: unknown, options: object): Promise<{ result(): Promise<unknown> }> },
  input: unknown = {},
): Promise<unknown> {
  const store = lasting(memoryStore())
  const engine = engineOver(store)
  const run = await flow.start(input, { id: 'r', engine })
  const live = await run.result().catch((error: unknown) => ({ thrown: error }))
  await engine.stop()
  const later = await engineOver(store)
    .find('r')
    .result()
    .catch((error: unknown) => ({ thrown: error }))
  expect(later).toEqual(live)
  return live
}

describe('values that cross', () => {
  test('D7: what the caller does to the input after the call changes nothing', async () => {
    const engine = engineOver()
    const seen: unknown[] = []
    const flow = workflow({
      name: 'w',
      execute: (_ctx, input: { list: number[] }) => void seen.push(structuredClone(input)),
    })
    const input = { list: [1] }
    const first = flow.run(input, { engine })
    input.list.push(2)
    await first
    const second = flow.run(input, { engine }) // the engine is open by now
    input.list.push(3)
    await second
    expect(seen).toEqual([{ list: [1] }, { list: [1, 2] }])
  })

  test('D7: what a caller does to a payload after sending it changes nothing', async () => {
    const engine = engineOver()
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.waitForEvent('e') })
    const run = await flow.start({}, { engine })
    const payload = { list: [1] }
    const sent = run.signal('e', payload)
    payload.list.push(2)
    await sent
    expect(await run.result()).toEqual({ list: [1] })
  })

  test('D7: what execute does to its input and to results does not reach the journal, nor a replay', async () => {
    const store = lasting(memoryStore())
    const engine = engineOver(store)
    const held = gate()
    const seen: unknown[] = []
    const flow = workflow({
      name: 'w',
      execute: async (_ctx, input: { list: number[] }) => {
        const result = await step('s', () => ({ list: [1] }))
        seen.push(structuredClone([input, result]))
        input.list.push(99)
        result.list.push(99)
        await step('wait', () => held.pass())
        return [input, result]
      },
    })
    const run = await flow.start({ list: [0] }, { id: 'r', engine })
    await held.reached
    await engine.stop({ grace: 0 })
    held.open()
    const again = await flow.start({ list: [0] }, { id: 'r', engine: engineOver(store) })
    expect(await again.result()).toEqual([{ list: [0, 99] }, { list: [1, 99] }])
    expect(seen).toEqual([
      [{ list: [0] }, { list: [1] }],
      [{ list: [0] }, { list: [1] }],
    ])
    expect(run.id).toBe('r')
  })

  test('M2, D7: awaiters of one operation share one value, as those of one promise do, live and on replay', async () => {
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const shared = step('s', () => ({ n: 1 }))
        const [one, [two]] = await Promise.all([shared, parallel([shared])])
        one.n = 2
        return [one === two, (await shared).n]
      },
    })
    expect(await outcome(flow)).toEqual([true, 2])
  })

  const executes: readonly [string, () => unknown, unknown][] = [
    ['is sync', () => 7, 7],
    ['returns nothing', () => undefined, undefined],
    ['returns an operation without awaiting it', () => step('s', () => 7), 7],
    ['is async and returns an operation', async () => await Promise.resolve(step('s', () => 7)), 7],
    [
      'returns a group without awaiting it',
      () => parallel({ a: step('a', () => 1), b: () => step('b', () => 2) }),
      { a: 1, b: 2 },
    ],
    ['returns a race of groups', () => race([parallel([step('a', () => 1)])]), [1]],
    [
      'returns a promise of a promise of an operation',
      () => Promise.resolve().then(() => Promise.resolve(step('s', () => 7))),
      7,
    ],
    ['returns a foreign thenable', () => ({ then: (done: (value: number) => void) => done(7) }), 7],
  ]
  for (const [what, execute, expected] of executes)
    test(`execute ${what}`, async () =>
      expect(await outcome(workflow({ name: 'w', execute }))).toEqual(expected))

  const failing: readonly [string, () => unknown, object][] = [
    ['throws synchronously', () => raise(new RangeError('sync')), { name: 'RangeError', message: 'sync' }],
    ['throws undefined', () => raise(undefined), {}],
    [
      'returns an unawaited operation inside an object',
      () => ({ a: step('s', () => 1) }),
      { code: 'SERIALIZATION', path: 'output.a' },
    ],
    [
      'returns a thenable whose then throws',
      () => ({
        get then() {
          return raise(new Error('getter'))
        },
      }),
      { message: 'getter' },
    ],
  ]
  for (const [what, execute, expected] of failing)
    test(`execute ${what}`, async () => {
      const result = (await outcome(workflow({ name: 'w', execute }))) as {
        thrown: unknown
      }
      expect('thrown' in result).toBe(true)
      if (result.thrown !== undefined) expect(result.thrown).toMatchObject(expected)
    })

  const results: readonly [string, () => unknown, unknown][] = [
    ['frozen', () => Object.freeze({ a: Object.freeze([1]) }), { a: [1] }],
    ['a proxy of a plain object', () => new Proxy({ a: 1 }, {}), { a: 1 }],
    [
      'with a getter',
      () => ({
        get a() {
          return 1
        },
      }),
      { a: 1 },
    ],
    ['a thenable', () => ({ then: (done: (value: unknown) => void) => done({ a: 1 }) }), { a: 1 }],
    ['with a property called then that is no function', () => ({ then: 1 }), { then: 1 }],
    [
      'with a property called __proto__',
      () => JSON.parse('{"__proto__":{"a":1}}'),
      JSON.parse('{"__proto__":{"a":1}}'),
    ],
    ['without a prototype', () => Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [
      'with a property called constructor',
      () => ({ constructor: 1, toString: 2, hasOwnProperty: 3 }),
      { constructor: 1, toString: 2, hasOwnProperty: 3 },
    ],
  ]
  for (const [what, make, expected] of results)
    test(`D7: a step's result may be ${what}`, async () =>
      expect(await outcome(workflow({ name: 'w', execute: () => step('s', make) }))).toEqual(expected))

  const refused: readonly [string, () => unknown][] = [
    [
      'whose getter throws',
      () => ({
        get a() {
          return raise(new Error('getter'))
        },
      }),
    ],
    ['a proxy that throws', () => new Proxy({}, { ownKeys: () => raise(new Error('trap')) })],
    [
      'a revoked proxy',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return [proxy]
      },
    ],
    ['with a method', () => ({ a: () => 1 })],
    ['an operation inside', () => [Promise.resolve(1)]],
  ]
  for (const [what, make] of refused)
    test(`E3: a step's result that is ${what} is refused, and the step is not tried again`, async () => {
      let calls = 0
      const flow = workflow({
        name: 'w',
        execute: () => step('s', () => (calls++, make()), { retry: { initialDelay: 0 } }),
      })
      const { thrown } = (await outcome(flow)) as { thrown: unknown }
      expect(thrown).toMatchObject({ code: 'SERIALIZATION' })
      expect(calls).toBe(1)
    })

  test('a promise whose constructor throws fails its step, and nothing else', async () => {
    const trap = Promise.resolve(1)
    void Object.defineProperty(trap, 'constructor', { get: () => raise(new Error('constructor')) })
    const flow = workflow({
      name: 'w',
      execute: async () => await parallel([step('s', () => trap), () => trap], { settle: true }),
    })
    expect(await outcome(flow)).toMatchObject([
      { status: 'rejected', reason: { code: 'STEP_FAILED' } },
      { status: 'rejected', reason: { message: 'constructor' } },
    ])
  })

  test('execute may be a method that needs its `this`', async () => {
    class Pricing {
      readonly #factor = 3
      async execute(_ctx: unknown, input: number): Promise<number> {
        return await step('s', () => input * this.#factor)
      }
    }
    expect(await outcome(workflow<number, number>(new Pricing()), 2)).toBe(6)
  })

  test('M6: an operation that a step returns is refused like one that it awaits', async () => {
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const inner = step('inner', () => 1)
        return await step('outer', () => inner)
      },
    })
    const { thrown } = (await outcome(flow)) as { thrown: Error }
    expect(thrown).toMatchObject({ code: 'STEP_FAILED', cause: { code: 'NESTED_OPERATION' } })
  })

  test('D7: a result of fifty megabytes is the same after a restart', async () => {
    const big = 'x'.repeat(1_000_000)
    const flow = workflow({
      name: 'w',
      execute: async () => (await step('s', () => Array.from({ length: 50 }, () => big))).length,
    })
    expect(await outcome(flow)).toBe(50)
  })

  test('a record of 100,000 branches keeps its names and their order', async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `key ${i}`)
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const result = await parallel(
          Object.fromEntries(names.map((name, i) => [name, step('s', () => i)])),
          { concurrency: 1000 },
        )
        return [Object.keys(result).every((name, i) => name === names[i]), result['key 99999']]
      },
    })
    expect(await flow.run({}, { engine: engineOver() })).toEqual([true, 99_999])
  })
})

function raise(error: unknown): never {
  throw error
}
