import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import { createCodec } from './codec.ts'
import { Money } from '../../../test/support/money.ts'

const codec = createCodec([Money])

function roundTrip<T>(value: T): T {
  const encoded = codec.encode(value, 'result')
  const decoded = codec.decode(encoded) as T
  expect(codec.encode(decoded, 'result')).toBe(encoded)
  return decoded
}

/** Younger than the oldest Node that we run on. */
function float16(): Record<string, unknown> {
  const Float16 = (globalThis as { Float16Array?: new (values: number[]) => object }).Float16Array
  return Float16 === undefined ? {} : { Float16Array: new Float16([1.5, -2]) }
}

const ownProto = (value: unknown): object => JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) as object

const SURVIVORS: Record<string, unknown> = {
  null: null,
  true: true,
  undefined,
  'an empty string': '',
  'lone surrogates': 'a\ud800b\udc00',
  'every control character': Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join(''),
  'a number': 1.5e-7,
  'the largest number': Number.MAX_VALUE,
  NaN: Number.NaN,
  '+Infinity': Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
  '-0 in an object': { zero: -0, array: [-0, 0] },
  bigint: -(2n ** 200n),
  'an empty object': {},
  'an empty array': [],
  'undefined members': { a: undefined, b: [undefined] },
  'plain JSON': { id: 1, list: [1, 'two', { three: null }], flag: false },
  Date: new Date(1_700_000_000_123),
  'a Date before the epoch': new Date(-8.64e15),
  'an invalid Date': new Date(Number.NaN),
  Map: new Map<unknown, unknown>([
    ['a', 1],
    [{ key: 'object' }, new Map()],
    [Number.NaN, undefined],
  ]),
  Set: new Set<unknown>([1, 'a', null, undefined, { a: 1 }, new Set()]),
  RegExp: /a(?<b>.)\/"\n/giu,
  'an empty RegExp': new RegExp(''),
  URL: new URL('https://user:pw@example.com:8080/a%20b?q=1&q=2#f'),
  ArrayBuffer: new Uint8Array([1, 2, 255]).buffer,
  'an empty ArrayBuffer': new ArrayBuffer(0),
  Int8Array: new Int8Array([-128, 127]),
  Uint8Array: new Uint8Array([0, 255]),
  Uint8ClampedArray: new Uint8ClampedArray([0, 255]),
  Int16Array: new Int16Array([-32_768, 32_767]),
  Uint16Array: new Uint16Array([65_535]),
  Int32Array: new Int32Array([-(2 ** 31)]),
  Uint32Array: new Uint32Array([2 ** 32 - 1]),
  BigInt64Array: new BigInt64Array([-(2n ** 63n)]),
  BigUint64Array: new BigUint64Array([2n ** 64n - 1n]),
  Float32Array: new Float32Array([1.5, Number.NaN, -0]),
  Float64Array: new Float64Array([Math.PI, Number.NEGATIVE_INFINITY]),
  ...float16(),
  DataView: new DataView(new Uint8Array([1, 2, 3]).buffer),
  Buffer: Buffer.from('hällo'),
  'an object without a prototype': Object.assign(Object.create(null), { a: 1, b: [new Date(0)] }),
  'an own __proto__': ownProto({ polluted: true }),
  'an own __proto__ beside a Date': Object.assign(ownProto([1]), { at: new Date(0) }),
  'an own __proto__ that is an object of the graph': [ownProto({ a: {} }), undefined],
  'own names of Object.prototype': {
    constructor: 1,
    toString: 'x',
    hasOwnProperty: null,
    valueOf: [],
    then: 'no',
  },
  'the same in the tagged form': { constructor: 1, toString: undefined, then: 2n, toJSON: 'x', length: -0 },
  'odd keys': { '': 1, 'a b': 2, '"': 3, '\ud800': 4, '10': 5, '-1': 6, '☃': undefined },
  'a registered class': new Money(-5, 'EUR'),
  'a registered class inside': { price: new Money(5, 'EUR'), history: new Map([[1, new Money(0, 'x')]]) },
}

describe('D7: what survives', () => {
  test.each(Object.entries(SURVIVORS))('%s', (_name, value) => {
    const decoded = roundTrip(value)
    expect(isSame(decoded, value)).toBe(true)
    if (typeof value === 'object' && value !== null) {
      expect(Object.getPrototypeOf(decoded)).toBe(Object.getPrototypeOf(value))
    }
  })

  test('huge strings', () => {
    const huge = 'x"\ud800'.repeat(1_000_000)
    expect(roundTrip(huge) === huge).toBe(true)
    expect(roundTrip([huge, undefined])[0] === huge).toBe(true)
  })

  test('a RegExp keeps its lastIndex', () => {
    const sticky = /a/y
    sticky.lastIndex = 3
    expect(roundTrip(sticky).lastIndex).toBe(3)
    expect(roundTrip(/a/g).lastIndex).toBe(0)
  })

  test('holes stay holes', () => {
    const holes: unknown[] = []
    holes[1] = 1
    holes[3] = undefined
    holes.length = 5
    const sparse = roundTrip(holes)
    expect(sparse).toHaveLength(5)
    expect(Object.keys(sparse)).toEqual(['1', '3'])
    const vast: unknown[] = []
    vast[4_000_000_000] = { end: true }
    const decoded = roundTrip(vast)
    expect(decoded).toHaveLength(4_000_000_001)
    expect(decoded[4_000_000_000]).toEqual({ end: true })
  })

  test('named properties of an array survive, as those that match() gives', () => {
    const match = roundTrip('2024-05'.match(/(?<year>\d+)-(\d+)/))
    expect([...(match ?? [])]).toEqual(['2024-05', '2024', '05'])
    expect(match?.index).toBe(0)
    expect(match?.input).toBe('2024-05')
    expect(Object.getPrototypeOf(match?.groups)).toBe(null)
    expect(match?.groups?.['year']).toBe('2024')
    const hole: unknown[] = Object.assign([], { 1: 'one', x: 1 })
    expect(Object.keys(roundTrip(hole))).toEqual(['1', 'x'])
  })

  test('only the viewed bytes of a view are stored', () => {
    const pool = new Uint8Array(1_000_000).fill(7)
    const view = pool.subarray(500, 504)
    expect(codec.encode(view, 'result').length).toBeLessThan(100)
    const decoded = roundTrip(view)
    expect([...decoded]).toEqual([7, 7, 7, 7])
    expect(decoded.buffer.byteLength).toBe(4)
    const data = roundTrip(new DataView(pool.buffer, 10, 2))
    expect([data.byteLength, data.byteOffset, data.getUint8(1)]).toEqual([2, 0, 7])
    const buffer = roundTrip(Buffer.from('pooled'))
    expect(Buffer.isBuffer(buffer)).toBe(true)
    expect(buffer.buffer.byteLength).toBe(6)
  })

  test('a million bytes', () => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * i) % 251)
    expect(Buffer.compare(roundTrip(bytes), bytes)).toBe(0)
  })

  test('a getter is stored as the value that it gives', () => {
    const lazy = {
      get now() {
        return 5
      },
      at: new Date(0),
    }
    expect(Object.getOwnPropertyDescriptor(roundTrip(lazy), 'now')?.value).toBe(5)
    expect(roundTrip({ get now() { return 5 } })).toEqual({ now: 5 }) // prettier-ignore
  })

  test('toJSON is never called', () => {
    const toJSON = vi.fn<() => string>()
    expect(() => codec.encode({ user: { toJSON } }, 'result')).toThrow('Cannot store result.user.toJSON: ')
    const polluted = Object.prototype as { toJSON?: unknown }
    Object.defineProperty(polluted, 'toJSON', { value: toJSON, configurable: true })
    try {
      expect(roundTrip({ a: [1, { b: 'x' }], at: new Date(3) })).toEqual({
        a: [1, { b: 'x' }],
        at: new Date(3),
      })
      expect((codec.decodeError(codec.encodeError(new TypeError('m'))) as Error).message).toBe('m')
    } finally {
      delete polluted.toJSON
    }
    expect(toJSON).not.toHaveBeenCalled()
  })

  test('values of another realm come back as ours', () => {
    const foreign = runInNewContext(
      `({ list: [1], at: new Date(5), map: new Map([[1, new Set([2])]]), bytes: new Uint8Array([1]), error: new TypeError('x') })`,
    ) as { error: Error }
    const decoded = roundTrip(foreign)
    expect(decoded.error).toBeInstanceOf(TypeError)
    expect({ ...decoded, error: 0 }).toStrictEqual({
      list: [1],
      at: new Date(5),
      map: new Map([[1, new Set([2])]]),
      bytes: new Uint8Array([1]),
      error: 0,
    })
  })

  test('without Buffer, bytes are stored the same', async () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 256)
    const buffer = Buffer.from('abc')
    const encoded = codec.encode([bytes, buffer], 'result')
    vi.resetModules()
    vi.stubGlobal('Buffer', undefined)
    const elsewhere = await import('./codec.ts')
    const other = elsewhere.createCodec()
    vi.unstubAllGlobals()
    vi.resetModules()
    expect(other.encode(bytes, 'result')).toBe(codec.encode(bytes, 'result'))
    const [first, second] = other.decode(encoded) as Uint8Array[]
    expect(first).toStrictEqual(bytes)
    expect(Object.getPrototypeOf(second)).toBe(Uint8Array.prototype)
    expect(second && [...second]).toEqual([97, 98, 99])
  })
})

describe('D7: references', () => {
  test('cycles survive through every container', () => {
    const root: Record<string, unknown> = {}
    root['self'] = root
    root['array'] = [root]
    root['map'] = new Map<unknown, unknown>([[root, root]])
    root['set'] = new Set([root])
    root['bare'] = Object.assign(Object.create(null), { root })
    const holey: unknown[] = []
    holey[3] = root
    root['holey'] = holey
    const back = roundTrip(root) as typeof root & { map: Map<unknown, unknown>; set: Set<unknown> }
    expect(back['self']).toBe(back)
    expect((back['array'] as unknown[])[0]).toBe(back)
    expect(back.map.get(back)).toBe(back)
    expect(back.set.has(back)).toBe(true)
    expect((back['bare'] as typeof root)['root']).toBe(back)
    expect((back['holey'] as unknown[])[3]).toBe(back)
  })

  test('a shared object stays shared, a plain one too', () => {
    const shared = { a: 1 }
    const pair = roundTrip([shared, shared])
    expect(pair[0]).toBe(pair[1])
    const dates = roundTrip({ from: new Date(1), list: Array.from({ length: 40 }, () => shared) })
    expect(new Set(dates.list).size).toBe(1)
    const equal = roundTrip([{ a: 1 }, { a: 1 }])
    expect(equal[0]).not.toBe(equal[1])
  })

  test('a shared object after many others is still noticed', () => {
    const many = Array.from({ length: 500 }, (_, i) => ({ i }))
    const back = roundTrip([...many, many[250]])
    expect(back[500]).toBe(back[250])
  })

  test('exponential sharing takes linear space and time', () => {
    let laugh: unknown = ['ha']
    for (let i = 0; i < 1000; i++) laugh = [laugh, laugh]
    const encoded = codec.encode(laugh, 'result')
    expect(encoded.length).toBeLessThan(30_000)
    let back = codec.decode(encoded) as unknown[]
    for (let i = 0; i < 1000; i++) back = back[0] as unknown[]
    expect(back).toEqual(['ha'])
  })

  test.each([
    ['objects', (inner: unknown) => ({ inner }), (outer: unknown) => (outer as { inner: unknown }).inner],
    ['arrays', (inner: unknown) => [inner], (outer: unknown) => (outer as unknown[])[0]],
    [
      'maps',
      (inner: unknown) => new Map([['k', inner]]),
      (outer: unknown) => (outer as Map<string, unknown>).get('k'),
    ],
  ])('100,000 levels of %s', (_name, wrap, unwrap) => {
    let value: unknown = 'bottom'
    for (let i = 0; i < 100_000; i++) value = wrap(value)
    let back = codec.decode(codec.encode(value, 'result'))
    let depth = 0
    for (; back !== 'bottom'; depth++) back = unwrap(back)
    expect(depth).toBe(100_000)
  })

  test.each([99, 100, 101, 102])('%i levels: around the change of format', (levels) => {
    let value: unknown = []
    for (let i = 0; i < levels; i++) value = { a: value }
    expect(roundTrip(value)).toEqual(value)
  })
})

/** Node 22 takes two invalid dates for different. */
function isSame(left: unknown, right: unknown): boolean {
  return left instanceof Date && right instanceof Date
    ? Object.is(left.getTime(), right.getTime())
    : isDeepStrictEqual(left, right)
}
