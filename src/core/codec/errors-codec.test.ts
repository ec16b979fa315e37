import { inspect, isDeepStrictEqual } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import * as errors from '../errors.ts'
import { createCodec } from './codec.ts'

class CardDeclined extends Error {
  override name = 'CardDeclined'
  readonly reason: string

  constructor(reason: string) {
    if (typeof reason !== 'string') throw new Error('the constructor ran')
    super(`declined: ${reason}`)
    this.reason = reason
  }

  get isFinal(): boolean {
    return this.reason === 'stolen'
  }
}

class Unregistered extends TypeError {
  readonly status: number

  constructor(status: number) {
    super(`HTTP ${status}`)
    this.status = status
  }

  override get name(): string {
    return 'HttpError'
  }

  get code(): string {
    return `E${this.status}`
  }
}

const codec = createCodec([CardDeclined])

/** Also checks that the decoded error encodes as it was encoded. */
function roundTrip<T>(thrown: T): T {
  const encoded = codec.encodeError(thrown)
  const decoded = codec.decodeError(encoded) as T
  expect(codec.encodeError(decoded)).toBe(encoded)
  return decoded
}

const LIBRARY = [
  new errors.StepError({ stepName: 'charge', key: 'pay/charge', attempts: 3 }, new TypeError('x')),
  new errors.ChildError({ runId: 'r1', workflow: 'w' }, 'a string'),
  new errors.CompensationError(
    [{ step: 'charge', key: 'pay/charge', error: new Error('no refunds') }],
    new TypeError('x'),
  ),
  new errors.TimeoutError('slow', 30_000),
  new errors.CancelledError({ kind: 'race-lost', by: 'fast' }),
  new errors.CancelledError({ kind: 'aborted', cause: undefined }),
  new errors.SerializationError('result.save', 'it is a function'),
  new errors.NonDeterminismError('r1', 'a', ['b', 'c'], 'detail'),
  new errors.NestedOperationError('step "b"', 'a'),
  new errors.InvalidInputError('the input', [{ message: 'required', path: 'id' }]),
  new errors.RunConflictError('r1', 'with another input'),
  new errors.RunNotFoundError('r1', 'the store'),
  new errors.StepNotFoundError('r1', 'charg', ['charge'], ['charge']),
  new errors.RunBlockedError('r1', new Error('why')),
  new errors.WorkflowNotFoundError(undefined, 'r1'),
  new errors.EngineStoppedError('run'),
  new errors.StoreError('full', 'the disk is full', new Error('errcode 13')),
]

describe('E2: errors come back as their class', () => {
  test.each(LIBRARY.map((error) => [error.name, error] as const))('the library: %s', (_name, error) => {
    const back = roundTrip(error)
    expect(back).toBeInstanceOf(error.constructor)
    expect(isDeepStrictEqual(back, error)).toBe(true)
    expect(back.stack).toBe(error.stack)
    expect(Object.keys(back)).toEqual(Object.keys(error))
  })

  test('every concrete class of the library is among these', () => {
    const concrete = Object.entries(errors)
      .filter(
        ([name, value]) => name.endsWith('Error') && name !== 'WorkflowError' && typeof value === 'function',
      )
      .map(([name]) => name)
    expect(new Set(LIBRARY.map((error) => error.constructor.name))).toEqual(new Set(concrete))
  })

  test.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    '%o',
    (Class) => {
      const error = new Class('message', { cause: new Error('deeper', { cause: 'deepest' }) })
      const back = roundTrip(error)
      expect(Object.getPrototypeOf(back)).toBe(Class.prototype)
      expect(isDeepStrictEqual(back, error)).toBe(true)
      expect(back.stack).toBe(error.stack)
      expect(((back.cause as Error).cause as string) === 'deepest').toBe(true)
      expect(inspect(back)).toBe(inspect(error))
    },
  )

  test('they are errors to the engine itself, not lookalikes', () => {
    expect(Object.prototype.toString.call(roundTrip(new RangeError('x')))).toBe('[object Error]')
    expect(structuredClone(roundTrip(new RangeError('x')))).toBeInstanceOf(RangeError)
  })

  test('AggregateError with its errors', () => {
    const error = new AggregateError([new TypeError('a'), 'b', new AggregateError([])], 'all failed', {
      cause: 1,
    })
    const back = roundTrip(error)
    expect(back).toBeInstanceOf(AggregateError)
    expect(back.errors[0]).toBeInstanceOf(TypeError)
    expect(isDeepStrictEqual(back, error)).toBe(true)
  })

  test('SuppressedError, where there is one', () => {
    const { SuppressedError: Suppressed } = globalThis
    if (typeof Suppressed !== 'function') return
    const back = roundTrip(new Suppressed(new TypeError('late'), new Error('first'), 'both'))
    expect(back).toBeInstanceOf(Suppressed)
    expect(back.error).toBeInstanceOf(TypeError)
    expect((back.suppressed as Error).message).toBe('first')
  })

  test('DOMException: what an AbortController aborts with', () => {
    const controller = new AbortController()
    controller.abort()
    const reason = controller.signal.reason as DOMException
    const back = roundTrip(reason)
    expect(back).toBeInstanceOf(DOMException)
    expect([back.name, back.message, back.code]).toEqual(['AbortError', reason.message, reason.code])
    expect(back.stack).toBe(reason.stack)
  })

  test('a registered class, without its constructor', () => {
    const error = new CardDeclined('stolen')
    const back = roundTrip(error)
    expect(back).toBeInstanceOf(CardDeclined)
    expect(back.isFinal).toBe(true)
    expect(isDeepStrictEqual(back, error)).toBe(true)
  })

  test('a class that is not registered: an Error with its name, code and data', () => {
    const error = new Unregistered(502)
    const back = roundTrip(error)
    expect(Object.getPrototypeOf(back)).toBe(Error.prototype)
    expect(back).toMatchObject({ name: 'HttpError', message: 'HTTP 502', code: 'E502', status: 502 })
    expect(back.stack).toBe(error.stack)
    expect(Object.keys(back)).toEqual(['status'])
    expect(String(back)).toBe('HttpError: HTTP 502')
  })

  test('a class that was registered once: an Error with its name', () => {
    const back = createCodec().decodeError(codec.encodeError(new CardDeclined('x'))) as CardDeclined
    expect(Object.getPrototypeOf(back)).toBe(Error.prototype)
    expect(back).toMatchObject({ name: 'CardDeclined', message: 'declined: x', reason: 'x' })
    class Nameless extends Error {}
    const nameless = createCodec([Nameless]).encodeError(new Nameless('m'))
    expect((codec.decodeError(nameless) as Error).name).toBe('Nameless')
    expect((createCodec([Nameless]).decodeError(nameless) as Error).name).toBe('Error')
  })

  test('an error of Node, with its code', async () => {
    const error = await import('node:fs/promises')
      .then((fs) => fs.readFile('/nowhere'))
      .catch((e: unknown) => e)
    const back = roundTrip(error)
    expect(isDeepStrictEqual(back, error)).toBe(true)
    expect(back).toMatchObject({ code: 'ENOENT', errno: -2, path: '/nowhere', syscall: 'open' })
  })

  test('native attributes: message, stack, cause and errors are not enumerable', () => {
    const error = Object.assign(new AggregateError([]), { cause: 1, errors: [1], message: 'm', code: 'E' })
    const back = roundTrip(error)
    expect(Object.keys(back)).toEqual(['code'])
    for (const key of ['message', 'stack', 'cause', 'errors']) {
      const { enumerable, writable, configurable } = Object.getOwnPropertyDescriptor(back, key) ?? {}
      expect([key, enumerable, writable, configurable]).toEqual([key, false, true, true])
    }
  })

  test('what an error does not have, it does not get', () => {
    const bare = new Error()
    delete bare.stack
    const back = roundTrip(bare)
    expect(Object.getOwnPropertyNames(back)).toEqual([])
    expect('cause' in roundTrip(new Error('x', { cause: undefined }))).toBe(true)
    expect('cause' in roundTrip(new Error('x'))).toBe(false)
  })

  test('cyclic and long chains of causes', () => {
    const a = new Error('a')
    const b = new Error('b', { cause: a })
    a.cause = b
    const back = roundTrip(a)
    expect((back.cause as Error).cause).toBe(back)
    let chain = new Error('0')
    for (let i = 1; i < 10_000; i++) chain = new Error(String(i), { cause: chain })
    let link = codec.decodeError(codec.encodeError(chain)) as Error | undefined
    let length = 0
    for (; link !== undefined; link = link.cause as Error | undefined) length++
    expect(length).toBe(10_000)
  })

  test('very long messages and stacks stay as they are', () => {
    const error = new Error('x'.repeat(2_000_000))
    expect(roundTrip(error).stack === error.stack).toBe(true)
  })

  test.each([
    ['a string'],
    [undefined],
    [null],
    [0],
    [-0],
    [10n],
    [{ code: 1, at: new Date(0) }],
    [[new Map()]],
  ])('thrown and not an error: %o', (thrown) => {
    expect(isDeepStrictEqual(roundTrip(thrown), thrown)).toBe(true)
  })

  test('an error inside a value has the same form', () => {
    const error = new CardDeclined('x')
    const back = codec.decode(codec.encode({ error, same: error }, 'result')) as {
      error: unknown
      same: unknown
    }
    expect(isDeepStrictEqual(back.error, error)).toBe(true)
    expect(back.same).toBe(back.error)
    expect(isDeepStrictEqual(codec.decode(codec.encode(error, 'result')), error)).toBe(true)
    expect(codec.encode(error, 'result')).toBe(codec.encodeError(error))
  })
})

describe('E2: what cannot be stored of an error is replaced', () => {
  test('by short texts, however deep', () => {
    class Socket {
      readonly fd = 3
    }
    const error = Object.assign(new Error('x'), {
      retry: function retry() {},
      nameless: (() => () => {})(),
      kind: Symbol('odd'),
      socket: new Socket(),
      promise: Promise.resolve(),
      config: {
        url: 'http://x',
        headers: new Map([['on', () => 1]]),
        [Symbol('s')]: 1,
        list: [new Socket(), 1],
      },
    })
    const back = roundTrip(error)
    expect(Object.fromEntries(Object.entries(back))).toEqual({
      retry: '[function retry]',
      nameless: '[function]',
      kind: '[Symbol(odd)]',
      socket: '[Socket]',
      promise: '[Promise]',
      config: { url: 'http://x', headers: new Map([['on', '[function]']]), list: ['[Socket]', 1] },
    })
  })

  test('a thrown function, symbol or instance', () => {
    const thrown = [
      function boom() {},
      Symbol('s'),
      new (class Odd {
        readonly id = 1
      })(),
    ]
    const back = thrown.map((value) => codec.decodeError(codec.encodeError(value)))
    expect(back).toEqual(['[function boom]', '[Symbol(s)]', '[Odd]'])
  })

  test('a getter that throws', () => {
    const error = Object.defineProperties(new Error('kept'), {
      bad: { enumerable: true, get: () => hostileThrow() },
      good: { enumerable: true, value: 1 },
      stack: { get: () => hostileThrow() },
    })
    expect(roundTrip(error)).toMatchObject({
      message: 'kept',
      bad: '[unreadable]',
      good: 1,
      stack: '[unreadable]',
    })
    const nested = Object.assign(new Error('kept'), { a: { get b(): never { return hostileThrow() }, c: 1 } }) // prettier-ignore
    expect(roundTrip(nested).a).toEqual({ b: '[unreadable]', c: 1 })
  })

  test.each<[string, () => unknown]>([
    ['message is an object', () => Object.assign(new Error('x'), { message: { a: hostileThrow } })],
    ['message is a symbol', () => Object.assign(new Error('x'), { message: Symbol('m') })],
    ['name is a symbol', () => withName(Symbol('n'))],
    ['name is an object without prototype', () => withName(Object.create(null))],
    ['name is undefined', () => withName(undefined)],
    ['stack is a function', () => Object.assign(new Error('x'), { stack: () => {} })],
    ['errors is itself', () => cyclicErrors()],
    ['a proxy that throws at everything', () => new Proxy(new Error('x'), throwingTraps())],
    ['a proxied function that throws at everything', () => new Proxy(() => {}, throwingTraps())],
    ['a revoked proxy', () => revoked()],
    ['a property that is a revoked proxy', () => Object.assign(new Error('x'), { p: revoked() })],
    ['a cause that is a revoked proxy', () => new Error('x', { cause: revoked() })],
    ['a throwing ownKeys', () => new Proxy(new Error('x'), { ownKeys: () => hostileThrow() })],
    ['a throwing toStringTag', () => ({ __proto__: { get [Symbol.toStringTag]() { return hostileThrow() } } })], // prettier-ignore
    ['a throwing constructor', () => Object.create({ get constructor() { return hostileThrow() } })], // prettier-ignore
    ['a fake error', () => Object.create(Error.prototype) as unknown],
    ['a fake DOMException', () => Object.create(DOMException.prototype) as unknown],
    ['a fake Date', () => new Error('x', { cause: Object.create(Date.prototype) })],
    [
      'an own __proto__',
      () => Object.defineProperty(new Error('x'), '__proto__', { value: {}, enumerable: true }),
    ],
    ['frozen', () => Object.freeze(new Error('x'))],
    ['a hundred thousand levels', () => Object.assign(new Error('x'), { deep: deep(100_000) })],
  ])('a hostile error: %s', (_name, make) => {
    const encoded = codec.encodeError(make())
    expect(() => codec.decodeError(encoded)).not.toThrow()
    const again = codec.encodeError(codec.decodeError(encoded))
    expect(() => codec.decodeError(again)).not.toThrow()
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('an error too large for one string keeps its message, a value that large is refused', () => {
    const tooLong = (): never => {
      throw new RangeError('Invalid string length')
    }
    const stringify = vi.spyOn(JSON, 'stringify').mockImplementationOnce(tooLong)
    const back = codec.decodeError(codec.encodeError(new TypeError('kept'))) as Error
    expect(back.message).toBe('kept (the rest could not be stored: Invalid string length)')
    stringify.mockImplementationOnce(tooLong)
    expect(() => codec.encode([new Date()], 'result')).toThrow('Cannot store result: Invalid string length')
    stringify.mockRestore()
  })
})

function hostileThrow(): never {
  throw Object.assign(new Error('hostile'), { message: Symbol('hostile') })
}

function withName(name: unknown): Error {
  class Named extends Error {}
  return Object.defineProperty(new Named('x'), 'name', { value: name, enumerable: true })
}

function cyclicErrors(): Error {
  const error = new AggregateError([])
  return Object.assign(error, { errors: error })
}

function throwingTraps(): ProxyHandler<object> {
  return new Proxy({}, { get: () => hostileThrow })
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function deep(levels: number): unknown {
  let value: unknown = 0
  for (let i = 0; i < levels; i++) value = { value }
  return value
}
