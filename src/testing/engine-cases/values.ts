/** D7 and E3: what survives, and what is refused. */
import assert from 'node:assert/strict'
import { parallel } from '../../core/parallel.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { has, rejectsWith } from './fixtures.ts'

class Unregistered {
  readonly inside = 1
}

/** Everything that the specification names, made anew at each call. */
function everything(): Record<string, unknown> {
  const value: Record<string, unknown> = {
    date: new Date(0),
    invalid: new Date(Number.NaN),
    map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1n, 'two'])]]),
    bigint: 2n ** 70n,
    nothing: undefined,
    null: null,
    numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 5e-324],
    pattern: /a+/giu,
    url: new URL('https://example.org/a?b=c#d'),
    bytes: new Uint8Array([1, 2, 3]),
    floats: new Float64Array([0.5, -0]),
    error: new RangeError('an error', { cause: 'why' }),
    text: 'é\u0000\ud83d\ude80 \u2028 "quoted" \\',
    list: [1, undefined, null, [[]]],
  }
  const shared = { once: true }
  return { ...value, twice: [shared, shared] }
}

interface Cycle {
  self?: Cycle
  readonly list: unknown[]
}

function cycle(): Cycle {
  const one: Cycle = { list: [] }
  one.self = one
  one.list.push(one.list)
  return one
}

function broken(): never {
  throw new Error('no')
}

const REFUSED: readonly (readonly [unknown: () => unknown, path: string])[] = [
  [() => ({ user: { save: () => 1 } }), 'result.user.save'],
  [() => [1, [Symbol('s')]], 'result[1][0]'],
  [() => ({ list: new Map([['key', Promise.resolve()]]) }), 'result.list.get("key")'],
  [() => ({ 'odd key': new Set([1, new Unregistered()]) }), 'result["odd key"].values()[1]'],
  [() => new WeakMap(), 'result'],
  [() => Object.defineProperty({}, 'broken', { enumerable: true, get: broken }), 'result.broken'],
]

export const valueCases: readonly EngineCase[] = [
  engineCase('D7: what a step returns is what the code sees, live and after a crash', async (stage) => {
    const seen = await stage.twice(async () => await step('everything', everything))
    assert.deepEqual(seen, everything())
    const [first, second] = seen['twice'] as unknown[]
    assert.equal(first, second)
  }),

  engineCase('D7: cycles survive', async (stage) => {
    const seen = await stage.twice(async () => await step('cycle', cycle))
    assert.equal(seen.self, seen)
    assert.equal(seen.list[0], seen.list)
  }),

  engineCase(
    'D7: the code is given a copy: what the step changes afterwards it does not see',
    async (stage) => {
      const mine = { list: [1] }
      const seen = await stage.twice(async () => {
        const value = await step('value', () => mine)
        mine.list.push(2)
        return value
      })
      assert.deepEqual(seen, { list: [1] })
    },
  ),

  engineCase('D7: inputs, outputs, inputs of children and their outputs survive as well', async (stage) => {
    const child = stage.flow((_ctx, input: unknown) => [input, everything()] as const)
    const host = stage.flow(async (ctx, input: unknown) => ({
      input,
      child: await ctx.invoke(child, input),
      group: await parallel({ a: step('a', everything) }),
    }))
    const run = await stage.start(host, everything())
    const whole = everything()
    const expected = { input: whole, child: [whole, whole], group: { a: whole } }
    assert.deepEqual(await run.result(), expected)
    await stage.restart()
    assert.deepEqual(await stage.get(host, run.id).result(), expected)
  }),

  engineCase('D7: a large value survives', async (stage) => {
    const text = 'é"\\ '.repeat(250_000)
    const length = await stage.twice(async () => {
      const value = await step('large', () => ({ text }))
      return [value.text.length, value.text === text]
    })
    assert.deepEqual(length, [1_000_000, true])
  }),

  engineCase(
    'D7, E3: what cannot be stored is refused, naming the path, and is not tried again',
    async (stage) => {
      let calls = 0
      const errors = await stage.twice(
        async () =>
          await parallel(
            REFUSED.map(([make], n) =>
              step(`${n}`, () => (calls++, make()), { retry: { maxAttempts: 5, initialDelay: 0 } }),
            ),
            { settle: true },
          ),
      )
      for (const [n, [, path]] of REFUSED.entries())
        has(errors[n], {
          status: 'rejected',
          reason: { name: 'SerializationError', code: 'SERIALIZATION', path },
        })
      assert.equal(calls, REFUSED.length)
    },
  ),

  engineCase('E3: an input is refused before the run exists, an output fails it', async (stage) => {
    const flow = stage.flow((_ctx, input: unknown) => ({ fn: () => input }))
    await rejectsWith(stage.start(flow, { a: [() => 1] }), { code: 'SERIALIZATION', path: 'input.a[0]' })
    const run = await stage.start(flow, 1)
    await rejectsWith(run.result(), { code: 'SERIALIZATION', path: 'output.fn' })
    assert.equal(await run.status(), 'failed')
  }),
]
