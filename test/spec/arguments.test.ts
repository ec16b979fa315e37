/** E7: bad arguments throw a TypeError at the call, saying the option, what was expected and what was given. */
import { any, type Context, createEngine, memoryStore, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { sandbox } from './support/sandbox.ts'

const fn = (): number => 1
const branches = [fn]

/** Values that are wrong for any option but a free one. */
const DURATIONS: readonly [unknown, string][] = [
  [-1, '-1'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity is longer than 68 years'],
  ['soon', '"soon"'],
  ['30 s', '"30 s"'],
  ['-5s', '"-5s"'],
  ['', '""'],
  ['5', '"5"'],
  ['1y', '"1y"'],
  ['4000w', '"4000w" is longer than 68 years'],
  [null, 'null'],
  [{}, 'an object'],
  [[], 'an array of 0'],
  [true, 'true'],
  [5n, '5n'],
  [fn, 'function fn'],
]
const COUNTS: readonly [unknown, string][] = [
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [Number.NaN, 'NaN'],
  ['3', '"3"'],
  [null, 'null'],
]
const FUNCTIONS: readonly [unknown, string][] = [
  ['fn', '"fn"'],
  [null, 'null'],
  [{}, 'an object'],
]
const NAMES: readonly [unknown, string][] = [
  ['', 'an empty string'],
  [7, '7'],
  [null, 'null'],
  ['x'.repeat(513), '513'],
  ['\udc00', 'surrogate'],
]
const BOOLEANS: readonly [unknown, string][] = [
  ['true', '"true"'],
  [1, '1'],
  [null, 'null'],
]
const SIGNALS: readonly [unknown, string][] = [
  [new AbortController(), 'an object'],
  ['abort', '"abort"'],
  [null, 'null'],
]

type Call = (options: object) => unknown
interface Row {
  readonly call: Call
  readonly where: string
  readonly options: Readonly<Record<string, readonly (readonly [unknown, string])[]>>
}

const GROUP = {
  name: NAMES,
  timeout: DURATIONS,
  signal: SIGNALS,
  waitForCancelled: [...DURATIONS.filter(([value]) => value !== true), ['yes', '"yes"'] as const],
}

const ROWS: readonly Row[] = [
  {
    call: (options) => parallel(branches, options),
    where: 'parallel()',
    options: { ...GROUP, concurrency: COUNTS, settle: BOOLEANS, onProgress: FUNCTIONS },
  },
  { call: (options) => race(branches, options), where: 'race()', options: { ...GROUP, stagger: DURATIONS } },
  { call: (options) => any(branches, options), where: 'any()', options: { ...GROUP, stagger: DURATIONS } },
  {
    call: (options) => step('s', fn, options),
    where: 'step("s")',
    options: {
      timeout: DURATIONS,
      idempotencyKey: NAMES,
      retry: [
        [3, '3'],
        [true, 'true'],
        ['exponential', '"exponential"'],
        [[], 'an array'],
      ],
    },
  },
  {
    call: (retry) => step('s', fn, { retry }),
    where: 'step("s") option "retry"',
    options: {
      maxAttempts: COUNTS,
      backoff: [
        ['quadratic', "'exponential', 'linear', 'fixed', got \"quadratic\""],
        [5, '5'],
        [null, 'null'],
      ],
      initialDelay: DURATIONS,
      maxDelay: DURATIONS,
      factor: [
        [0.5, '0.5'],
        [Number.NaN, 'NaN'],
        ['2', '"2"'],
        [Number.POSITIVE_INFINITY, 'Infinity'],
      ],
      jitter: BOOLEANS,
      retryIf: FUNCTIONS,
    },
  },
  {
    call: (options) => workflow({ execute: fn, ...options }),
    where: 'workflow()',
    options: { name: NAMES, execute: FUNCTIONS, input: FUNCTIONS, output: FUNCTIONS },
  },
  {
    call: (options) => createEngine(options),
    where: 'createEngine()',
    options: {
      dir: NAMES,
      durability: [
        ['half', "'full', 'process-crash', got \"half\""],
        [true, 'true'],
      ],
      patience: DURATIONS,
      store: FUNCTIONS,
      log: FUNCTIONS,
      clock: FUNCTIONS,
      random: FUNCTIONS,
      classes: [
        [{}, 'an object'],
        ['Error', '"Error"'],
      ],
    },
  },
]

const thrownBy = (call: () => unknown): unknown => {
  try {
    call()
    return 'nothing was thrown'
  } catch (error) {
    return error
  }
}

describe.each(ROWS)('E7: $where', ({ call, where, options }) => {
  test.each(Object.entries(options))('E7: option %s with a wrong value', (option, wrong) => {
    for (const [value, given] of wrong) {
      const error = thrownBy(() => call({ [option]: value })) as Error
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain(where)
      expect(error.message).toContain(option)
      expect(error.message).toContain(given)
      expect(error.message).toMatch(/expected|longer than|surrogate/)
    }
  })

  test('E7: unknown options are refused, with a hint', () => {
    for (const option of Object.keys(options)) {
      // One letter is missing, as in `concurency`.
      const misspelt = option.slice(0, 2) + option.slice(3)
      const error = thrownBy(() => call({ [misspelt]: 1 })) as Error
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain(`${where}: unknown option "${misspelt}"; did you mean "${option}"?`)
    }
    expect(thrownBy(() => call({ completelyDifferent: 1 }))).toMatchObject({
      message: expect.stringMatching(/unknown option "completelyDifferent"; the options are .*, /) as string,
    })
    for (const inherited of ['constructor', '__proto__x', 'toString', 'hasOwnProperty'])
      expect(thrownBy(() => call({ [inherited]: 1 }))).toBeInstanceOf(TypeError)
  })

  test('E7: options that are no object are refused; undefined is none', () => {
    const notObjects = where === 'workflow()' ? [] : [5, 'text', null, true, [], fn]
    expect(notObjects.map((value) => thrownBy(() => call(value as never)) instanceof TypeError)).toEqual(
      notObjects.map(() => true),
    )
    const optional = Object.keys(options).filter((option) => option !== 'execute')
    for (const option of optional) expect(() => call({ [option]: undefined })).not.toThrow()
  })
})

test('E7: the example of the specification', () => {
  expect(() => parallel([fn], { concurency: 3 } as never)).toThrow(
    new TypeError('parallel(): unknown option "concurency"; did you mean "concurrency"?'),
  )
})

test('E7: an option of another function is not taken for one', () => {
  expect(() => race([fn], { concurrency: 1 } as never)).toThrow(/race\(\): unknown option "concurrency"/)
  expect(() => any([fn], { settle: true } as never)).toThrow(/any\(\): unknown option "settle"/)
  expect(() => parallel([fn], { stagger: 1 } as never)).toThrow(/parallel\(\): unknown option "stagger"/)
  expect(() => parallel([fn], { timeoutValue: 1 })).toThrow(/"timeoutValue".*"timeout"/)
  expect(() => createEngine({ store: memoryStore(), dir: 'x' })).toThrow(/"store" excludes "dir"/)
})

test('E7: everything that is right is accepted', () => {
  for (const timeout of [0, 1, 1.5, '0ms', '500ms', '30s', '1.5h', '7d', '2w'] as const) {
    expect(() =>
      parallel([fn], { timeout, timeoutValue: undefined, waitForCancelled: timeout }),
    ).not.toThrow()
    expect(() =>
      step('s', fn, { timeout, retry: { initialDelay: timeout, maxDelay: timeout } }),
    ).not.toThrow()
  }
  for (const concurrency of [1, 1000, Number.POSITIVE_INFINITY])
    expect(() => parallel([fn], { concurrency })).not.toThrow()
})

test('E7: step and workflow themselves', () => {
  for (const bad of [undefined, null, 5, 'text', {}, Promise.resolve(1)]) {
    expect(() => step('s', bad as never)).toThrow(/step\("s"\)( function)?: expected a function, got/)
    expect(() => workflow({ execute: bad } as never)).toThrow(TypeError)
  }
  for (const bad of [undefined, null, 5, 'text', [], fn])
    expect(() => workflow(bad as never)).toThrow(TypeError)
})

describe('E7: of a run', () => {
  /** What the body throws, synchronously, at its call. */
  async function inRun(body: (ctx: Context) => unknown): Promise<unknown> {
    const box = await sandbox()
    let error: unknown
    const flow = workflow({
      name: 'flow',
      execute: (ctx) => {
        error = thrownBy(() => body(ctx))
      },
    })
    await flow.run(undefined, { engine: box.engine })
    return error
  }

  test.each(DURATIONS.map(([value, given]) => ({ value, given })))(
    'E7: ctx.sleep of $given',
    async ({ value, given }) => {
      const error = (await inRun((ctx) => ctx.sleep(value as never))) as Error
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('ctx.sleep() duration')
      expect(error.message).toContain(given)
    },
  )

  test.each<[string, (ctx: Context) => unknown, RegExp]>([
    [
      'waitForEvent of no name',
      (ctx) => ctx.waitForEvent([]),
      /ctx\.waitForEvent\(\): expected .* got an array of 0/,
    ],
    ['waitForEvent of a bad name', (ctx) => ctx.waitForEvent(['ok', '']), /empty string/],
    [
      'waitForEvent with a filter that is none',
      (ctx) => ctx.waitForEvent('a', { filter: 'x' as never }),
      /"filter": expected a function, got "x"/,
    ],
    [
      'waitForEvent with a bad timeout',
      (ctx) => ctx.waitForEvent('a', { timeout: 'x' as never }),
      /"timeout"/,
    ],
    [
      'waitForEvent with an unknown option',
      (ctx) => ctx.waitForEvent('a', { timeOut: 1 } as never),
      /did you mean "timeout"/,
    ],
    [
      'invoke of a function',
      (ctx) => ctx.invoke(fn as never, null),
      /ctx\.invoke\(\): expected a workflow, got function fn/,
    ],
    [
      'invoke with a bad id',
      (ctx) => ctx.invoke(workflow({ execute: fn }), null, { id: '' }),
      /ctx\.invoke\(\) option "id"/,
    ],
    [
      'invoke with an unknown option',
      (ctx) => ctx.invoke(workflow({ execute: fn }), null, { key: 'a' } as never),
      /unknown option "key"/,
    ],
    ['parallel', (ctx) => ctx.parallel([fn], { concurency: 1 } as never), /did you mean "concurrency"/],
    ['step', (ctx) => ctx.step('', fn), /empty string/],
  ])('E7: ctx.%s', async (_, body, message) => {
    const error = (await inRun(body)) as Error
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
  })

  test('E7: run, start, get, stop and retry', async () => {
    const clock = new FakeClock()
    const box = await sandbox('memory', { clock })
    const flow = workflow({ name: 'flow', execute: fn })
    const { engine } = box
    await expect(flow.run(undefined, { engine: {} as never })).rejects.toThrow(/"engine": expected an engine/)
    await expect(flow.start(undefined, { engine, ID: 'x' } as never)).rejects.toThrow(/did you mean "id"/)
    await expect(flow.start(undefined, 'x' as never)).rejects.toThrow(TypeError)
    expect(() => flow.get('', { engine })).toThrow(TypeError)
    expect(() => flow.get('x', { engin: engine } as never)).toThrow(/did you mean "engine"/)
    await expect(engine.stop({ grace: 'soon' as never })).rejects.toThrow(/"grace"/)
    await expect(engine.stop({ gracePeriod: 1 } as never)).rejects.toThrow(/unknown option "gracePeriod"/)
    expect(await flow.run(undefined, { engine })).toBe(1)
  })
})
