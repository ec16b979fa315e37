/** `race`, `any`, `parallel` and `settle` beside `Promise.race`, `any`, `all` and `allSettled`, case by case. */
import { any, type Operation, parallel, race, step } from 'ai-workflows'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gate, quiet } from './support/gate.ts'
import {
  type Branch,
  COMBINATORS,
  type Combinator,
  comparable,
  native,
  type Outcome,
  ours,
  WAYS,
} from './support/native.ts'
import { sandbox } from './support/sandbox.ts'

/* oxlint-disable await-thenable, no-single-promise-in-promise-methods -- plain values are members of the combinators that are compared */

const value =
  (result: unknown): Branch =>
  () =>
    result
const resolves =
  (result: unknown): Branch =>
  () =>
    Promise.resolve(result)
const rejects =
  (reason: unknown): Branch =>
  () =>
    Promise.reject(reason)
const throws =
  (reason: unknown): Branch =>
  () => {
    throw reason
  }
const never: Branch = () => new Promise(() => undefined)

type Settle = (result: unknown) => void
const thenable =
  (then: (resolve: Settle, reject: Settle) => void): Branch =>
  () => ({ then })

/** After so many microtasks. */
const later =
  (ticks: number, branch: Branch): Branch =>
  async () => {
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
    return branch()
  }

const problem = new TypeError('a problem')
const hostile = (): unknown =>
  Object.defineProperty({}, 'then', {
    get() {
      throw problem
    },
  })

const CASES: Readonly<Record<string, readonly Branch[]>> = {
  'plain values': [value(1), value('two'), value(undefined)],
  'one value': [value({ deep: [1, { er: null }] })],
  promises: [resolves(1), resolves(null), later(3, value('late'))],
  'settled promises after a value': [value(1), resolves(2)],
  'settled promises before a value': [resolves(2), value(1)],
  'a rejection first': [rejects(problem), resolves(1)],
  'a rejection last': [resolves(1), rejects(problem)],
  'a rejection, later': [later(2, rejects(problem)), resolves(1), later(5, value(2))],
  'a value, later': [later(4, value(1)), later(2, value(2)), later(3, value(3))],
  'a throw first': [throws(problem), value(1)],
  'a throw last': [value(1), throws(problem)],
  'only throws': [throws(problem), throws(new RangeError('another'))],
  'only rejections, in order': [rejects(new Error('1')), rejects(new Error('2')), rejects(new Error('3'))],
  'only rejections, the last one first': [later(6, rejects('a')), later(3, rejects('b')), rejects('c')],
  'rejections without an error': [rejects(undefined), rejects(null), rejects('text'), rejects(0)],
  'thrown without an error': [throws(undefined), throws(null), throws('text'), throws({ code: 7 })],
  'an undefined reason alone': [rejects(undefined)],
  'a null reason alone': [throws(null)],
  'an AggregateError of the branch': [rejects(new AggregateError([problem, 'text'], 'mine'))],
  'a thenable that resolves at once': [thenable((resolve) => resolve(1)), later(9, value(2))],
  'a thenable that resolves later': [
    thenable((resolve) => queueMicrotask(() => resolve(1))),
    later(9, value(2)),
  ],
  'a thenable that rejects at once': [thenable((_, reject) => reject(problem)), later(9, value(2))],
  'a thenable that throws in then': [
    thenable(() => {
      throw problem
    }),
    later(9, value(2)),
  ],
  'a thenable that throws after it resolved': [
    thenable((resolve) => {
      resolve(1)
      throw problem
    }),
  ],
  'a thenable that settles twice': [
    thenable((resolve, reject) => {
      resolve(1)
      reject(problem)
      resolve(2)
    }),
  ],
  'a thenable that rejects twice': [
    thenable((resolve, reject) => {
      reject('first')
      reject('second')
      resolve(1)
    }),
  ],
  'a thenable that resolves to a thenable': [
    thenable((resolve) => resolve({ then: (next: Settle) => next('inner') })),
  ],
  'a thenable that resolves to a rejected promise': [thenable((resolve) => resolve(Promise.reject(problem)))],
  'a thenable that never settles, alone': [thenable(() => undefined)],
  'a thenable that never settles, and a value': [thenable(() => undefined), resolves(1)],
  'a then that is no function': [() => ({ then: 'a value like any other' })],
  'a then that throws when it is read': [hostile, later(9, value(1))],
  'a promise for a promise': [() => Promise.resolve(Promise.resolve('inner')), later(9, value(1))],
  'a function that never settles': [never, resolves('the other')],
  'nothing but functions that never settle': [never, never],
  'a function that never settles and a rejection': [never, rejects(problem)],
  'a value that is an error': [value(problem), resolves(new RangeError('as a value'))],
  many: Array.from({ length: 300 }, (_, index) => later(index % 7, value(index))),
}

describe.each(WAYS)('branches as %s', (way) => {
  describe.each(COMBINATORS)('like Promise.%s', (combinator) => {
    test.each(Object.entries(CASES))('%s', async (_, branches) => {
      const { engine } = await sandbox()
      const expected = await native(combinator, branches)
      expect(comparable(await ours(combinator, branches, way, engine))).toEqual(comparable(expected))
    })
  })

  test.each(['any', 'all', 'allSettled'] as const)(
    'M11: nothing at all, like Promise.%s',
    async (combinator) => {
      const { engine } = await sandbox()
      expect(comparable(await ours(combinator, [], way, engine))).toEqual(
        comparable(await native(combinator, [])),
      )
    },
  )

  test('M11: a race of nobody is refused, where Promise.race would wait for ever', async () => {
    const { engine } = await sandbox()
    expect(await native('race', [])).toEqual({ status: 'pending' })
    await expect(ours('race', [], way, engine)).rejects.toThrow(TypeError)
  })
})

describe('identity, outside of a run', () => {
  test.each(COMBINATORS)(
    'like Promise.%s: what a branch gave or threw is what arrives',
    async (combinator) => {
      const { engine } = await sandbox()
      const result = { of: 'branch' }
      for (const way of ['functions, outside', 'steps, outside'] as const) {
        const [good, bad] = [
          await ours(combinator, [value(result)], way, engine),
          await ours(combinator, [throws(problem)], way, engine),
        ]
        expect(only(good)).toBe(result)
        expect(only(bad)).toBe(problem)
      }
    },
  )

  /** The one value or reason in an outcome. */
  function only(outcome: Outcome): unknown {
    if (outcome.status === 'pending') return outcome
    if (outcome.status === 'rejected')
      return outcome.reason instanceof AggregateError ? outcome.reason.errors[0] : outcome.reason
    const first: unknown = Array.isArray(outcome.value) ? outcome.value[0] : outcome.value
    if (typeof first !== 'object' || first === null || !('status' in first)) return first
    return 'value' in first ? first.value : (first as { reason?: unknown }).reason
  }
})

describe('groups in groups, like combinators in combinators', () => {
  const outer: Readonly<Record<string, [() => PromiseLike<unknown>, () => Promise<unknown>]>> = {
    'all of races': [
      () =>
        parallel(
          [race([later(1, value(1)), never]), race([rejects('a'), value(2)]), any([rejects(1), value(3)])],
          { settle: true },
        ),
      () =>
        Promise.allSettled([
          Promise.race([1]),
          Promise.race([Promise.reject('a'), 2]),
          Promise.any([Promise.reject(1), 3]),
        ]),
    ],
    'race of alls': [
      () => race([parallel([never, value(1)]), parallel([later(2, value('x')), value('y')])]),
      () => Promise.race([Promise.all([never(), 1]), Promise.all([later(2, value('x'))(), 'y'])]),
    ],
    'any of alls': [
      () => any([parallel([rejects('a'), value(1)]), parallel([value(2)])]),
      () => Promise.any([Promise.all([Promise.reject('a'), 1]), Promise.all([2])]),
    ],
    'any of anys that all fail': [
      () => any([any([rejects('a')]), rejects('b')]),
      () => Promise.any([Promise.any([Promise.reject('a')]), Promise.reject('b')]),
    ],
  }
  test.each(Object.entries(outer))('%s', async (_, [mine, theirs]) => {
    const [one, other] = await Promise.allSettled([mine(), theirs()])
    expect(plain(one)).toEqual(plain(other))
  })

  const plain = (outcome: PromiseSettledResult<unknown>): unknown => {
    if (outcome.status === 'fulfilled') return outcome
    const strip = (error: unknown): unknown =>
      error instanceof AggregateError ? error.errors.map(strip) : error
    return { status: 'rejected', reason: strip(outcome.reason) }
  }
})

/** How one branch of a random program ends. */
interface Plan {
  readonly how: 'promise' | 'thenable' | 'value' | 'throw' | 'settled' | 'rejected'
  readonly fails: boolean
}

interface Program {
  readonly plans: readonly Plan[]
  /** The order in which branches that wait are settled, and whether microtasks drain before the next. */
  readonly order: readonly { readonly index: number; readonly drain: boolean }[]
}

const programs: fc.Arbitrary<Program> = fc
  .array(
    fc.record({
      how: fc.constantFrom<Plan['how'][]>(
        'promise',
        'promise',
        'thenable',
        'value',
        'throw',
        'settled',
        'rejected',
      ),
      fails: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .chain((plans) =>
    fc.record({
      plans: fc.constant(plans),
      order: fc
        .shuffledSubarray([...plans.keys()], { minLength: 0, maxLength: plans.length })
        .chain((indexes) =>
          fc
            .array(fc.boolean(), { minLength: indexes.length, maxLength: indexes.length })
            .map((drains) => indexes.map((index, at) => ({ index, drain: drains[at] === true }))),
        ),
    }),
  )

/** Fresh branches for one execution of a program, and what settles them in its order. */
function prepare({ plans, order }: Program): { branches: Branch[]; settleAll: () => Promise<void> } {
  const doors = plans.map(() => gate<unknown>())
  const called = Promise.withResolvers<void>()
  let calls = 0
  const branches = plans.map(({ how }, index): Branch => {
    const door = doors[index]!
    return () => {
      if (++calls === plans.length) called.resolve()
      if (how === 'value') return `value ${index}`
      if (how === 'settled') return Promise.resolve(`settled ${index}`)
      if (how === 'rejected') return Promise.reject(`rejected ${index}`)
      if (how === 'throw') throw `thrown ${index}`
      if (how === 'promise') return door.promise
      return { then: (resolve: Settle, reject: Settle) => void door.promise.then(resolve, reject) }
    }
  })
  const settleAll = async (): Promise<void> => {
    await called.promise
    await quiet(3)
    for (const { index, drain } of order) {
      if (plans[index]?.fails) doors[index]?.fail(`door ${index} failed`)
      else doors[index]?.open(`door ${index}`)
      if (drain) await quiet(2)
    }
  }
  return { branches, settleAll }
}

describe('random branches, settled in a random order, with and without microtasks in between', () => {
  const cases = WAYS.flatMap((way) => COMBINATORS.map((combinator) => ({ way, combinator })))

  test.each(cases)('$way, like Promise.$combinator', async ({ way, combinator }) => {
    const { engine } = await sandbox()
    const once = async (
      program: Program,
      evaluate: (branches: Branch[]) => Promise<Outcome>,
    ): Promise<unknown> => {
      const { branches, settleAll } = prepare(program)
      const [outcome] = await Promise.all([evaluate(branches), settleAll()])
      return comparable(outcome)
    }
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const expected = await once(program, (branches) => native(combinator, branches))
        const actual = await once(program, (branches) => ours(combinator, branches, way, engine))
        expect(actual).toEqual(expected)
      }),
      { numRuns: way.endsWith('outside') ? 150 : 60 },
    )
  })
})

describe('what an operation is, beside a promise', () => {
  test('then, catch and finally behave as those of a promise', async () => {
    const good = (): PromiseLike<number> & {
      catch: Promise<number>['catch']
      finally: Promise<number>['finally']
    } => step('good', () => 1)
    expect(await good().then((one) => one + 1)).toBe(2)
    expect(await good().then(null)).toBe(1)
    expect(await good().catch(() => 9)).toBe(1)
    expect(await good().finally(() => undefined)).toBe(1)
    await expect(good().finally(throws(problem))).rejects.toBe(problem)
    const bad = (): Operation<never> =>
      step('bad', () => {
        throw problem
      })
    expect(await bad().then(null, (error: Error) => error.cause)).toBe(problem)
    expect(await bad().catch((error: Error) => error.cause)).toBe(problem)
    await expect(bad().finally(() => undefined)).rejects.toMatchObject({ cause: problem })
    await expect(bad().then((one: number) => one)).rejects.toMatchObject({ cause: problem })
  })

  test.each<Combinator>([...COMBINATORS])('operations go into Promise.%s itself', async (combinator) => {
    const branches = [() => step('a', () => 1), () => step('b', () => 2)]
    const expected = await native(combinator, [value(1), value(2)])
    expect(await native(combinator, branches)).toEqual(expected)
  })
})
