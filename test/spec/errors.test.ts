/** E2 and E3: what is thrown, live and after a restart. */
import { step, StepError, TimeoutError, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { gates } from './support/gate.ts'
import { PLACES, sandbox, type Sandbox } from './support/sandbox.ts'

class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly response: { readonly body: string; readonly at: Date }
  constructor(status: number, body: string) {
    super(`HTTP ${status}`)
    this.status = status
    this.response = { body, at: new Date(0) }
  }
  get isClient(): boolean {
    return this.status < 500
  }
}
class Unknown extends RangeError {
  override readonly name = 'Unknown'
  readonly code = 'E_UNKNOWN'
  readonly details = new Map([['key', [1, 2]]])
}
class Box {
  readonly inside = 1
}

const chain = (): Error =>
  new Error('outer', { cause: new TypeError('middle', { cause: new Unknown('inner') }) })

const THROWN: Readonly<Record<string, () => unknown>> = {
  Error: () => new Error('plain'),
  TypeError: () => new TypeError('a builtin'),
  'a system error': () =>
    Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', errno: -2, path: '/x' }),
  DOMException: () => new DOMException('aborted', 'AbortError'),
  'a registered class': () => new HttpError(404, 'nothing here'),
  'an unregistered class': () => new Unknown('mine'),
  'a cause chain': chain,
  'a cause that is no error': () => new Error('outer', { cause: { why: ['because', 1n] } }),
  'a cause that is undefined': () => new Error('outer', { cause: undefined }),
  AggregateError: () => new AggregateError([new HttpError(500, ''), 'text', chain()], 'several'),
  'an error of ours': () => new TimeoutError('some key', 5),
  'an error with a cycle': () => {
    const error: Error & { self?: Error } = new Error('cycle')
    error.self = error
    error.cause = error
    return error
  },
  'a property that cannot be stored': () =>
    Object.assign(new Error('with a function'), { retry: () => 1, socket: new Box(), fine: 1 }),
  'an empty message': () => new Error(),
  'no stack': () => Object.assign(new Error('no stack'), { stack: undefined }),
  'a string': () => 'just text',
  undefined: () => undefined,
  null: () => null,
  'a number': () => Number.NaN,
  'a plain object': () => ({ code: 7, nested: { at: new Date(0) } }),
  'a symbol': () => Symbol('cannot be stored'),
  'a function': () => () => 1,
}

/** Everything that code can see of something thrown, two levels of its properties deep. */
function anatomy(thrown: unknown, depth = 0): unknown {
  if (typeof thrown !== 'object' || thrown === null || depth > 4)
    return typeof thrown === 'number' ? String(thrown) : thrown
  const keys = Reflect.ownKeys(thrown)
  return {
    class: (Object.getPrototypeOf(thrown) as { constructor?: { name?: string } } | null)?.constructor?.name,
    isError: thrown instanceof Error,
    name: (thrown as Error).name,
    text: (thrown as Error).message,
    properties: Object.fromEntries(
      keys.map((key) => [
        String(key),
        [
          Object.getOwnPropertyDescriptor(thrown, key)?.enumerable,
          anatomy(Reflect.get(thrown, key), depth + 1),
        ],
      ]),
    ),
  }
}

describe.each(PLACES)('E2 on %s: the same live and on replay', (place) => {
  /** What `execute` catches of a step, live and after a restart; and what `result()` rejects with, both times. */
  async function bothLives(
    make: () => unknown,
    box: Sandbox,
  ): Promise<{ caught: unknown[]; results: unknown[] }> {
    const caught: unknown[] = []
    const doors = gates()
    const flow = workflow({
      name: 'throws',
      execute: async () => {
        const error: unknown = await step('fails', () => {
          throw make()
        }).catch((reason: unknown) => reason)
        caught.push(error)
        const door = doors(`${caught.length}`)
        await step('wait', () => door.pass())
        throw (error as Error).cause
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await doors('1').reached
    await box.restart()
    doors('2').open()
    const results = [
      await flow.run(undefined, { engine: box.engine, id: 'x' }).then(
        () => 'resolved',
        (reason: unknown) => reason,
      ),
    ]
    await box.restart()
    results.push(
      await flow.run(undefined, { engine: box.engine, id: 'x' }).then(
        () => 'resolved',
        (reason: unknown) => reason,
      ),
    )
    return { caught, results }
  }

  test.each(Object.entries(THROWN))('E2: %s', async (_, make) => {
    const box = await sandbox(place, { classes: [HttpError] })
    const { caught, results } = await bothLives(make, box)
    expect(caught).toHaveLength(2)
    expect(anatomy(caught[1])).toEqual(anatomy(caught[0]))
    expect(anatomy(results[0])).toEqual(anatomy((caught[0] as Error).cause))
    expect(anatomy(results[1])).toEqual(anatomy(results[0]))
    expect(caught[0]).toBeInstanceOf(StepError)
  })

  test('E2: a registered class comes back as an instance, with its own properties', async () => {
    const box = await sandbox(place, { classes: [HttpError] })
    const { caught } = await bothLives(THROWN['a registered class']!, box)
    for (const error of caught) {
      const { cause } = error as StepError
      expect(cause).toBeInstanceOf(HttpError)
      expect(cause).toMatchObject({
        status: 404,
        isClient: true,
        response: { body: 'nothing here', at: new Date(0) },
      })
      expect((cause as Error).stack).toContain('errors.test.ts')
    }
  })

  test('E2: another comes back as an Error with its name, code, properties and stack: never instanceof live and not after a crash', async () => {
    const box = await sandbox(place)
    const { caught } = await bothLives(() => new Unknown('mine'), box)
    for (const error of caught) {
      const { cause } = error as StepError
      expect(cause).toBeInstanceOf(Error)
      expect(cause).not.toBeInstanceOf(Unknown)
      expect(cause).toMatchObject({
        name: 'Unknown',
        message: 'mine',
        code: 'E_UNKNOWN',
        details: new Map([['key', [1, 2]]]),
      })
      expect((cause as Error).stack).toContain('errors.test.ts')
    }
  })

  test('E2: cause chains and AggregateError.errors', async () => {
    const box = await sandbox(place, { classes: [HttpError] })
    const { caught } = await bothLives(THROWN['AggregateError']!, box)
    for (const error of caught) {
      const { cause } = error as { cause: AggregateError }
      expect(cause).toBeInstanceOf(AggregateError)
      expect(cause.errors[0]).toBeInstanceOf(HttpError)
      expect(cause.errors[1]).toBe('text')
      expect(cause.errors[2]).toMatchObject({
        message: 'outer',
        cause: { message: 'middle', cause: { name: 'Unknown', message: 'inner' } },
      })
      expect((cause.errors[2] as Error).cause).toBeInstanceOf(TypeError)
    }
  })

  test('E2: what execute itself throws arrives in its journaled form at the first caller already', async () => {
    const box = await sandbox(place)
    const original = new Unknown('of execute')
    const flow = workflow({
      name: 'throws',
      execute: () => {
        throw original
      },
    })
    const error: unknown = await flow
      .run(undefined, { engine: box.engine, id: 'x' })
      .catch((reason: unknown) => reason)
    expect(error).not.toBe(original)
    expect(error).not.toBeInstanceOf(Unknown)
    expect(error).toMatchObject({ name: 'Unknown', message: 'of execute', stack: original.stack })
  })
})

describe.each(PLACES)('E3 on %s', (place) => {
  test('E3: a run that is not there', async () => {
    const box = await sandbox(place)
    const flow = workflow({ name: 'flow', execute: () => 1 })
    const handle = flow.get('nobody', { engine: box.engine })
    for (const use of [
      () => handle.result(),
      () => handle.status(),
      () => handle.cancel(),
      () => handle.retry(),
      () => handle.signal('a'),
    ])
      await expect(use()).rejects.toMatchObject({
        code: 'RUN_NOT_FOUND',
        runId: 'nobody',
        message: expect.stringContaining('"nobody"') as string,
      })
    await expect(box.engine.inspect('nobody')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  })
})
