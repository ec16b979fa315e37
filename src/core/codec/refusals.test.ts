import { describe, expect, test } from 'vitest'
import { SerializationError } from '../errors.ts'
import { createCodec } from './codec.ts'

class Money {
  readonly amount: number
  readonly currency: string

  constructor(amount: number, currency: string) {
    this.amount = amount
    this.currency = currency
  }
}

const codec = createCodec([Money])

function refusal(value: unknown): SerializationError {
  try {
    codec.encode(value, 'result')
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SerializationError)
    return thrown as SerializationError
  }
  throw new Error('the value was accepted')
}

describe('E3: what is refused, and where', () => {
  const save = (): void => {}
  async function* generate(): AsyncGenerator<number> {
    yield 1
  }
  class User {
    name = 'Ada'
  }
  class Rich extends Money {}
  class Later {
    then(): void {}
  }

  test.each<[string, unknown, string, RegExp]>([
    ['a function', save, 'result', /function/],
    ['a method', { user: { save } }, 'result.user.save', /function/],
    ['in an array', { items: [1, 2, 3, save] }, 'result.items[3]', /function/],
    ['in a sparse array', Object.assign([], { 5: save }), 'result[5]', /function/],
    ['under an odd key', { 'odd key': { 'it"s': save } }, 'result["odd key"]["it\\"s"]', /function/],
    ['in a Map', new Map([['key', save]]), 'result.get("key")', /function/],
    ['deep in a Map', { m: new Map([[7, { deep: save }]]) }, 'result.m.get(7).deep', /function/],
    ['under an object key', new Map([[{}, save]]), 'result.values()[0]', /function/],
    ['as a key of a Map', new Map<unknown, unknown>([[1, 2], [save, 1]]), 'result.keys()[1]', /function/], // prettier-ignore
    ['in a Set', new Set([1, save]), 'result.values()[1]', /function/],
    ['in a registered class', new Money(1, save as never), 'result.currency', /function/],
    ['a class', { Money }, 'result.Money', /function/],
    ['a symbol', { kind: Symbol('x') }, 'result.kind', /symbol/],
    ['a symbol as a key', { a: { [Symbol('tag')]: 1 } }, 'result.a[Symbol(tag)]', /symbol/],
    ['a promise', { later: Promise.resolve() }, 'result.later', /promise.*await/],
    ['a thenable', [new Later()], 'result[0]', /promise.*Later.*await/],
    ['a WeakMap', { w: new WeakMap() }, 'result.w', /WeakMap/],
    ['a WeakRef', { w: new WeakRef({}) }, 'result.w', /WeakRef/],
    ['an array iterator', { i: [1][Symbol.iterator]() }, 'result.i', /iterator/i],
    ['an async generator', { i: generate() }, 'result.i', /iterator.*AsyncGenerator/],
    ['an unregistered class', { user: new User() }, 'result.user', /class User,.*register.*plain object/],
    ['a subclass of a registered one', new Rich(1, 'EUR'), 'result', /class Rich,/],
    [
      'an anonymous class',
      new (class {
        readonly id = 1
      })(),
      'result',
      /class \(anonymous\)/,
    ],
    ['a subclass of a builtin', new (class Registers extends Map {})(), 'result', /class Registers/],
    ['a boxed string', { s: Object('x') as unknown }, 'result.s', /boxed String/],
    ['a boxed bigint', { s: Object(1n) as unknown }, 'result.s', /boxed BigInt/],
    ['an object with a prototype of its own', Object.create({ a: 1 }), 'result', /inherits/],
    [
      'a property set on a Date',
      { at: Object.assign(new Date(), { zone: 'CET' }) },
      'result.at.zone',
      /builtin/,
    ],
    ['a SharedArrayBuffer', { b: new SharedArrayBuffer(1) }, 'result.b', /SharedArrayBuffer/],
    ['a view of a SharedArrayBuffer', { b: new Uint8Array(new SharedArrayBuffer(1)) }, 'result.b', /copy/],
    ['a throwing getter', { a: { get b(): never { throw new Error('boom') } } }, 'result.a.b', /threw: boom/], // prettier-ignore
    ['a fake Date', { d: Object.create(Date.prototype) as unknown }, 'result.d', /threw/],
    ['a fake array', { d: Object.create(Array.prototype) as unknown }, 'result.d', /no array/],
    ['a fake ArrayBuffer', { d: Object.create(ArrayBuffer.prototype) as unknown }, 'result.d', /threw/],
    ['a proxied Map', { d: new Proxy(new Map(), {}) }, 'result.d', /threw/],
    ['a revoked proxy', { d: revokedProxy() }, 'result.d', /threw/],
  ])('%s', (_name, value, path, problem) => {
    const error = refusal(value)
    expect(error.path).toBe(path)
    expect(error.message).toMatch(problem)
    expect(error.message).toContain(`Cannot store ${path}: `)
    expect(error.code).toBe('SERIALIZATION')
  })

  test('the path begins with the given root', () => {
    expect(() => codec.encode({ a: save }, 'input')).toThrow('Cannot store input.a: ')
  })

  test('a path of 100,000 steps is cut in the middle', () => {
    let value: unknown = save
    for (let i = 0; i < 100_000; i++) value = { a: value }
    const { path } = refusal({ top: value })
    expect(path).toMatch(/^result\.top(\.a)+….*\.a$/)
    expect(path.length).toBeLessThan(300)
  })

  test('what only an error holds is replaced, what the value holds too is refused', () => {
    const shared = { save }
    const error = Object.assign(new Error('x'), { shared })
    const back = codec.decode(codec.encode({ error }, 'result')) as { error: { shared: unknown } }
    expect(back.error.shared).toEqual({ save: '[function save]' })
    expect(refusal({ error, shared }).path).toBe('result.shared.save')
    expect(refusal([[[shared]], error]).path).toMatch(/save$/)
    expect(refusal([error, [[[shared]]]]).path).toMatch(/save$/)
  })
})

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('E3: what is too long', () => {
  const short = createCodec([Money], 1000)

  test('is refused as a value, with its length and what to do', () => {
    expect(() => short.encode('x'.repeat(2000), 'result')).toThrow(
      'Cannot store result: has 2,003 characters when stored, and at most 1,000 are possible: store it elsewhere',
    )
    expect(() => short.encode(new Map([['k', 'x'.repeat(2000)]]), 'input')).toThrow(
      /^Cannot store input: has 2,0/,
    )
    expect(short.decode(short.encode('x'.repeat(900), 'result'))).toHaveLength(900)
  })

  test('is cut as an error', () => {
    const error = short.decodeError(short.encodeError(new Error('m'.repeat(5000)))) as Error
    expect(error).toBeInstanceOf(Error)
    expect(error.message).toMatch(/^m{1000} \(the rest could not be stored: has 10,\d+ characters/)
  })
})
