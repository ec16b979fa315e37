import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCodec } from './codec.ts'

class Point {
  [key: string]: unknown
}

class Failure extends Error {}

const codec = createCodec([Point, Failure])

const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 0))
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'then', '\ud800'),
)
const primitive = fc.oneof(number, text, fc.bigInt(), fc.boolean(), fc.constantFrom(null, undefined))
const bytes = fc.uint8Array({ maxLength: 64 })

const leaf = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc
    .constantFrom('a', '(?:)', '[/"]', '\\d+')
    .chain((source) => fc.constantFrom('', 'g', 'iu', 'dgimsy').map((flags) => new RegExp(source, flags))),
  fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url)),
  bytes,
  bytes.map((b) => Buffer.from(b)),
  bytes.map((b) => b.slice().buffer),
  bytes.map((b) => new DataView(b.slice().buffer)),
  bytes.map((b) => new Uint8Array([0, 0, ...b, 0]).subarray(2, b.length + 2)),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
)

type Member = { readonly to: number } | { readonly value: unknown }

/** A container that is still empty, and how a member is put into it. */
interface Container {
  readonly value: object
  put(key: string, member: unknown): void
}

const set = (object: object, key: string, value: unknown): unknown =>
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })

const into = (value: object): Container => ({ value, put: (key, member) => set(value, key, member) })

const MAKERS: readonly (() => Container)[] = [
  () => into({}),
  () => into(Object.create(null) as object),
  () => into(new Point()),
  () => into(new Failure('failed')),
  () => into(new RangeError('out')),
  () => {
    const value = new AggregateError([], 'several')
    return { value, put: (_key, member) => value.errors.push(member) }
  },
  () => {
    const value = new Error('why')
    return { value, put: (_key, member) => set(value, 'cause', member) && hide(value, 'cause') }
  },
  () => {
    const value: unknown[] = []
    return { value, put: (_key, member) => value.push(member) }
  },
  () => {
    const value: unknown[] = []
    return { value, put: (key, member) => (value[value.length + (key.length % 3)] = member) }
  },
  () => {
    const value = new Map<unknown, unknown>()
    return { value, put: (key, member) => value.set(key.length % 2 === 0 ? key : member, member) }
  },
  () => {
    const value = new Set()
    return { value, put: (_key, member) => value.add(member) }
  },
]

function hide(object: object, key: string): void {
  Object.defineProperty(object, key, { enumerable: false })
}

/** Any graph of containers over any leaves: cycles, shared parts, unreachable parts. */
const graph = fc
  .array(
    fc.record({
      maker: fc.constantFrom(...MAKERS),
      members: fc.array(
        fc.tuple(
          text,
          fc.oneof(fc.record({ to: fc.nat(50) }), fc.record({ value: fc.oneof(primitive, leaf) })),
        ),
        { maxLength: 6 },
      ),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((specs) => {
    const containers = specs.map(({ maker }) => maker())
    const resolve = (member: Member): unknown =>
      'to' in member ? containers[member.to % containers.length]?.value : member.value
    specs.forEach(({ members }, i) => {
      for (const [key, member] of members) containers[i]?.put(key, resolve(member))
    })
    return containers[0]?.value
  })

const tree = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
  withObjectString: true,
})

function survives(value: unknown): void {
  const encoded = codec.encode(value, 'result')
  const decoded = codec.decode(encoded)
  expect(codec.encode(decoded, 'result')).toBe(encoded)
  expect(differences(decoded, value)).toEqual([])
}

const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype))

test('D7: any tree of any type survives', () => {
  fc.assert(fc.property(fc.oneof(tree, primitive, leaf), survives), { numRuns: 2000 })
})

test('D7: any JSON survives in the plain form', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      survives(value)
      expect(codec.encode(value, 'result')[0]).toBe(hasNegativeZero(value) ? 'g' : 'j')
    }),
    { numRuns: 2000 },
  )
})

test('D7: any graph survives, with its cycles and shared parts', () => {
  fc.assert(fc.property(graph, survives), { numRuns: 2000 })
})

test('E2: whatever is thrown, encodeError gives a text that decodes, and decodes to the same once more', () => {
  fc.assert(
    fc.property(fc.oneof(tree, graph, fc.anything({ withBoxedValues: true })), (thrown) => {
      const once = codec.decodeError(codec.encodeError(thrown))
      const twice = codec.decodeError(codec.encodeError(once))
      expect(differences(twice, once)).toEqual([])
    }),
    { numRuns: 2000 },
  )
})

const garbage = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string().map((rest) => `j${rest}`),
  fc.json().map((json) => `g${json}`),
  fc.array(fc.json(), { maxLength: 5 }).map((nodes) => `g[[1],${nodes.join(',')}]`),
  // A true text with a piece taken out, doubled or replaced.
  fc.tuple(graph, fc.nat(), fc.nat(20), fc.string({ maxLength: 3 })).map(([value, at, length, patch]) => {
    const encoded = codec.encode(value, 'result')
    const start = at % encoded.length
    return encoded.slice(0, start) + patch + encoded.slice(start + length)
  }),
)

test('D7: garbage decodes to something or throws an Error, and pollutes nothing', () => {
  fc.assert(
    fc.property(garbage, (text) => {
      try {
        codec.decode(text)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Error)
        expect((thrown as Error).message).toMatch(/^Cannot read a stored value: /)
      }
      expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(before)
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 2000 },
  )
})

function hasNegativeZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0)
  return Object.values(value).some(hasNegativeZero)
}

/** Where two values differ, references included: which objects are the same must be the same in both. */
function differences(left: unknown, right: unknown): string[] {
  const found: string[] = []
  const partner = new Map<unknown, unknown>()
  const pending: [unknown, unknown, string][] = [[left, right, '']]
  for (const [a, b, path] of pending) {
    if (Object.is(a, b)) continue
    if (partner.get(a) === b && partner.has(a)) continue
    if (!isObject(a) || !isObject(b) || partner.has(a)) {
      found.push(path)
      continue
    }
    partner.set(a, b)
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || contents(a) !== contents(b)) found.push(path)
    const members = [membersOf(a), membersOf(b)] as const
    if (members[0].length !== members[1].length) found.push(`${path}.length`)
    members[0].forEach((member, i) => pending.push([member, members[1][i], `${path}.${i}`]))
  }
  return found
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function contents(value: object): string {
  if (value instanceof Date) return String(value.getTime())
  if (value instanceof URL || value instanceof RegExp) return String(value)
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
  return value instanceof ArrayBuffer ? Buffer.from(value).toString('hex') : ''
}

/** Keys, attributes, values; hidden ones too. */
function membersOf(value: object): unknown[] {
  if (ArrayBuffer.isView(value)) return []
  const own = Reflect.ownKeys(value).toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
  const properties = own.flatMap((key) => [
    key,
    Object.prototype.propertyIsEnumerable.call(value, key),
    (value as Record<PropertyKey, unknown>)[key],
  ])
  return value instanceof Map || value instanceof Set ? [...properties, ...[...value].flat(1)] : properties
}
