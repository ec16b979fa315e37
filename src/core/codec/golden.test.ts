import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as errors from '../errors.ts'
import { createCodec } from './codec.ts'

/**
 * Texts in `golden/` were written by versions that shipped. They are never edited or removed: a change of format
 * takes a new first character and a new file, and all the files must stay readable.
 */
class Money {
  readonly amount: number
  constructor(amount: number) {
    this.amount = amount
  }
}

class CardDeclined extends Error {
  readonly reason = 'stolen'
}

class Unregistered extends Error {
  override name = 'HttpError'
  status = 502
}

const codec = createCodec([Money, CardDeclined])

const VALUES: Record<string, () => unknown> = {
  null: () => null,
  true: () => true,
  number: () => -12.5e-7,
  string: () => 'hällo "\\\n\ud800 ☃',
  'plain object': () => ({ id: 'o1', items: [{ sku: 'a', qty: 2 }], note: null, paid: false }),
  'plain own __proto__': () => JSON.parse('{"__proto__":{"a":1},"constructor":2}') as unknown,
  undefined: () => undefined,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  '-Infinity': () => Number.NEGATIVE_INFINITY,
  '-0': () => -0,
  bigint: () => -12_345_678_901_234_567_890n,
  'special members': () => ({
    u: undefined,
    n: Number.NaN,
    z: -0,
    b: 1n,
    list: [undefined, 'x', 1, true, null],
  }),
  Date: () => new Date(1_700_000_000_123),
  'invalid Date': () => new Date(Number.NaN),
  Map: () => new Map<unknown, unknown>([['a', { b: 1 }], [{ c: 2 }, undefined]]), // prettier-ignore
  Set: () => new Set([1, 'a', [2]]),
  'empty Map and Set': () => [new Map(), new Set()],
  RegExp: () => Object.assign(/a\/"(b)/gi, { lastIndex: 4 }),
  URL: () => new URL('https://example.com/a?b=c#d'),
  ArrayBuffer: () => new Uint8Array([0, 1, 255]).buffer,
  DataView: () => new DataView(new Uint8Array([1, 2]).buffer),
  Buffer: () => Buffer.from('abc'),
  Int8Array: () => new Int8Array([-1]),
  Uint8Array: () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  Uint8ClampedArray: () => new Uint8ClampedArray([255]),
  Int16Array: () => new Int16Array([-2]),
  Uint16Array: () => new Uint16Array([258]),
  Int32Array: () => new Int32Array([-3]),
  Uint32Array: () => new Uint32Array([16_909_060]),
  BigInt64Array: () => new BigInt64Array([-4n]),
  BigUint64Array: () => new BigUint64Array([5n]),
  Float32Array: () => new Float32Array([1.5]),
  Float64Array: () => new Float64Array([-0, Number.NEGATIVE_INFINITY]),
  'array with holes': () => {
    const array: unknown[] = []
    array[2] = { a: 1 }
    return array
  },
  'array with names': () => Object.assign(['x'], { index: 3 }),
  'bare object': () => Object.assign(Object.create(null), { a: 1, d: new Date(0) }) as unknown,
  'registered class': () => new Money(5),
  cycle: () => {
    const root: Record<string, unknown> = { list: [] }
    ;(root['list'] as unknown[]).push(root)
    return root
  },
  'shared object': () => {
    const shared = { a: 1 }
    return { first: shared, second: shared }
  },
  Error: () => withStack(new Error('m', { cause: withStack(new TypeError('why')) })),
  AggregateError: () => withStack(new AggregateError([withStack(new RangeError('a')), 'b'], 'all')),
  DOMException: () => withStack(new DOMException('aborted', 'AbortError')),
  'error with data': () =>
    withStack(Object.assign(new Error('m'), { code: 'ENOENT', name: 'Odd', at: new Date(0) })),
  'registered error': () => withStack(new CardDeclined('no')),
  StepError: () => fixed(new errors.StepError({ stepName: 's', key: 'k', attempts: 2 }, 'c')),
  ChildError: () => fixed(new errors.ChildError({ runId: 'r', workflow: 'w' }, 'c')),
  TimeoutError: () => fixed(new errors.TimeoutError('k', 5)),
  CancelledError: () => fixed(new errors.CancelledError({ kind: 'timeout', by: 'k', cause: 'c' })),
  SerializationError: () => fixed(new errors.SerializationError('result.a', 'p')),
  NonDeterminismError: () => fixed(new errors.NonDeterminismError('r', 'a', ['b'], 'd')),
  NestedOperationError: () => fixed(new errors.NestedOperationError('i', 'o')),
  InvalidInputError: () => fixed(new errors.InvalidInputError('w', [{ message: 'm', path: 'p' }])),
  RunConflictError: () => fixed(new errors.RunConflictError('r', 'd')),
  RunNotFoundError: () => fixed(new errors.RunNotFoundError('r', 's')),
  RunBlockedError: () => fixed(new errors.RunBlockedError('r', 'c')),
  WorkflowNotFoundError: () => fixed(new errors.WorkflowNotFoundError('w', 'r')),
  EngineStoppedError: () => fixed(new errors.EngineStoppedError('w')),
  StoreError: () => fixed(new errors.StoreError('full', 'm', 'c')),
}

/** What does not come back as it was: the text, and what it means. */
const LOSSY: Record<string, { readonly thrown: () => unknown; readonly check: (decoded: unknown) => void }> =
  {
    'unregistered error': {
      thrown: () => withStack(new Unregistered('bad gateway')),
      check: (decoded) => {
        expect(Object.getPrototypeOf(decoded)).toBe(Error.prototype)
        expect(decoded).toMatchObject({
          name: 'HttpError',
          message: 'bad gateway',
          status: 502,
          stack: 'stack',
        })
      },
    },
    'error with a function': {
      thrown: () =>
        withStack(Object.assign(new Error('m'), { save: () => {}, inner: { when: Promise.resolve() } })),
      check: (decoded) =>
        expect(decoded).toMatchObject({ save: '[function save]', inner: { when: '[Promise]' } }),
    },
    'unreadable part of an error': {
      thrown: () => withStack(new Error('m', { cause: Object.create(Date.prototype) })),
      check: (decoded) => expect(decoded).toMatchObject({ message: 'm', cause: '[Date]' }),
    },
  }

const golden = JSON.parse(readFileSync(new URL('golden/v1.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>

describe('D7: texts of v1', () => {
  test.each(Object.entries(VALUES))('%s is read', (name, make) => {
    const expected = make()
    const decoded = codec.decode(golden[name] ?? '')
    expect(isSame(decoded, expected)).toBe(true)
    if (expected instanceof Error) expect((decoded as Error).stack).toBe('stack')
  })

  test.each(Object.entries(LOSSY))('%s is read', (name, { check }) => {
    expect(golden).toHaveProperty([name])
    check(codec.decodeError(golden[name] ?? ''))
  })

  test('are what is written today', () => {
    const today: Record<string, string> = {}
    for (const [name, make] of Object.entries(VALUES)) today[name] = codec.encode(make(), 'result')
    for (const [name, { thrown }] of Object.entries(LOSSY)) today[name] = codec.encodeError(thrown())
    expect(today).toEqual(golden)
  })
})

function withStack<E extends Error>(error: E): E {
  return Object.defineProperty(error, 'stack', {
    value: 'stack',
    writable: true,
    configurable: true,
    enumerable: false,
  })
}

/** A message of the library may be reworded without the format having changed. */
function fixed<E extends Error>(error: E): E {
  return withStack(Object.defineProperty(error, 'message', { value: 'm' }))
}

/** Node 22 takes two invalid dates for different. */
function isSame(left: unknown, right: unknown): boolean {
  return left instanceof Date && right instanceof Date
    ? Object.is(left.getTime(), right.getTime())
    : isDeepStrictEqual(left, right)
}
