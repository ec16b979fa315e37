/** M1 to M8: what an operation is. */
import assert from 'node:assert/strict'
import type { BranchInput } from '../../core/branch.ts'
import { StepError } from '../../core/errors.ts'
import type { Operation } from '../../core/operation.ts'
import { parallel } from '../../core/parallel.ts'
import { any, race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held, rejectsWith } from './fixtures.ts'
import { aborted, gate } from './gate.ts'

const nothing = (): undefined => undefined

export const operationCases: readonly EngineCase[] = [
  engineCase('M1: creating an operation does nothing; it starts when it is first awaited', async (stage) => {
    const calls: string[] = []
    await stage.play(async (ctx) => {
      const late = step('late', () => calls.push('late'))
      step('unwanted', () => calls.push('unwanted'))
      ctx.sleep('1w')
      await step('first', () => calls.push('first'))
      await late
    })
    assert.deepEqual(calls, ['first', 'late'])
  }),

  engineCase('M1: then, catch and finally start it, each by itself', async (stage) => {
    const calls: string[] = []
    const output = await stage.play(async () => [
      await step('a', () => calls.push('a')).then((count) => count * 10),
      await step('b', () => calls.push('b')).catch(() => 'not this'),
      await step('c', () => calls.push('c')).finally(() => calls.push('finally')),
    ])
    assert.deepEqual(output, [10, 2, 3])
    assert.deepEqual(calls, ['a', 'b', 'c', 'finally'])
  }),

  engineCase(
    'M2: awaited twice, and put in two groups, it runs once and shares its outcome',
    async (stage) => {
      let calls = 0
      const output = await stage.play(async () => {
        const one = step('one', () => ++calls)
        const two = step('two', fails('shared'))
        const message = (error: StepError): string => (error.cause as Error).message
        return [
          await Promise.all([one, one, one]),
          await parallel([one, one]),
          await race({ one }),
          await Promise.all([two.catch(message), two.catch(message), any([two, one])]),
        ]
      })
      assert.deepEqual(output, [[1, 1, 1], [1, 1], { winner: 'one', value: 1 }, ['shared', 'shared', 1]])
    },
  ),

  engineCase(
    'M2: it is aborted only when nobody wants it any more: a group that gives up lets go of it',
    async (stage) => {
      const [running, goOn] = [gate(), gate()]
      const output = await stage.play(async () => {
        const shared = step('shared', async ({ signal }) => {
          running.open()
          await goOn.promise
          return signal.aborted
        })
        const mine = shared.then((value) => value)
        await parallel([shared, step('bad', () => running.promise.then(fails('bad')))]).catch(nothing)
        goOn.open()
        return await mine
      })
      assert.equal(output, false)
    },
  ),

  engineCase('M2: tasks of a graph share the operations that they need', async (stage) => {
    const calls: string[] = []
    const number = (name: string, value: number): Operation<number> =>
      step(name, () => (calls.push(name), value))
    const output = await stage.play(async () => {
      const [a, b] = [number('a', 1), number('b', 2)]
      return await parallel({
        left: async () => (await a) + (await number('c', 10)),
        right: async () => (await b) + (await number('d', 20)),
        both: async () => (await a) + (await b),
      })
    })
    assert.deepEqual(output, { left: 11, right: 22, both: 3 })
    assert.deepEqual(calls.toSorted(), ['a', 'b', 'c', 'd'])
  }),

  engineCase('M3: a name that is used again in one scope is counted, in creation order', async (stage) => {
    const keys = await stage.twice(async (ctx) => {
      const [first, second, third] = [1, 2, 3].map((n) => step('a', () => n))
      assert.deepEqual([await third, await first, await second], [3, 1, 2])
      return Object.keys(ctx.steps).toSorted()
    })
    assert.deepEqual(keys, ['a', 'a#2', 'a#3'])
  }),

  engineCase(
    'M3: each function branch is a scope, and groups are named by option, else by kind',
    async (stage) => {
      const branch = async (): Promise<void> => {
        await step('a', nothing)
        await step('a', nothing)
      }
      const keys = await stage.twice(async (ctx) => {
        await parallel([branch, branch])
        await parallel({ left: branch }, { name: 'enrich' })
        await race([branch])
        await any([branch])
        await parallel([branch])
        return Object.keys(ctx.steps).toSorted()
      })
      const scopes = ['parallel/0', 'parallel/1', 'enrich/left', 'race/0', 'any/0', 'parallel#2/0']
      assert.deepEqual(keys, scopes.flatMap((scope) => [`${scope}/a`, `${scope}/a#2`]).toSorted())
    },
  ),

  engineCase(
    'M3: any text is a name, and none is taken for another, after a crash neither',
    async (stage) => {
      const names = [
        'a',
        'a#2',
        'a/b',
        '/',
        '%2f',
        'a!timeout',
        '!cancel',
        'parallel/0/a',
        'say "hi"',
        'a\nb',
        '\u0000',
      ]
      names.push(' ', '🚀', 'é', 'e\u0301', '__proto__', 'constructor', '${name}', '0', 'x'.repeat(512))
      const output = await stage.twice(async () => {
        const once = await parallel(names.map((name) => step(name, () => `of ${name}`)))
        const again = await parallel(names.map((name) => step(name, () => `again ${name}`)))
        const inside = await parallel([async () => await step('a', () => 'inside')])
        return [once, again, inside]
      })
      assert.deepEqual(output, [
        names.map((name) => `of ${name}`),
        names.map((name) => `again ${name}`),
        ['inside'],
      ])
    },
  ),

  engineCase('M4: Promise.all, Promise.race, for await and async helpers work, and replay', async (stage) => {
    const calls: string[] = []
    const call = (name: string): Operation<string> => step(name, () => (calls.push(name), name))
    async function* pages(): AsyncGenerator<string> {
      for (let page = 1; page <= 3; page++) yield await call(`page ${page}`)
    }
    const output = await stage.twice(async (ctx) => {
      const all = await Promise.all([call('a'), call('b'), ctx.sleep(1)])
      const first = await Promise.race([call('c'), ctx.sleep('1w')])
      const read: string[] = []
      for await (const page of pages()) read.push(page)
      const helper = async (name: string): Promise<string> => (await call(name)) + (await call(name))
      return [all, first, read, await Promise.all([helper('d'), helper('e')])]
    })
    assert.deepEqual(output, [['a', 'b', undefined], 'c', ['page 1', 'page 2', 'page 3'], ['dd', 'ee']])
    assert.deepEqual(
      calls.toSorted(),
      ['a', 'b', 'c', 'page 1', 'page 2', 'page 3', 'd', 'd', 'e', 'e'].toSorted(),
    )
  }),

  engineCase('M4: Promise.all cancels nothing, and has no limit', async (stage) => {
    const running = Array.from({ length: 20 }, () => gate())
    const output = await stage.play(async () => {
      const all = running.map((one, n) =>
        step(`${n}`, async ({ signal }) => {
          one.open()
          await Promise.all(running.map(({ promise }) => promise))
          return signal.aborted
        }),
      )
      const bad = step('bad', () => Promise.all(running.map(({ promise }) => promise)).then(fails('bad')))
      const failed = await caught(Promise.all([...all, bad]))
      return [failed instanceof StepError, await Promise.all(all)]
    })
    assert.deepEqual(output, [true, running.map(() => false)])
  }),

  engineCase('M4, E4: what a Promise.race leaves running is aborted when the run ends', async (stage) => {
    const [running, reason] = [gate(), gate<unknown>()]
    await stage.play(async () => {
      const slow = step('slow', async ({ signal }) => {
        running.open()
        reason.open(await aborted(signal))
      })
      await Promise.race([slow, step('quick', () => running.promise)])
    })
    has(await reason.promise, { name: 'CancelledError', kind: 'run-ended' })
  }),

  engineCase('M5: an operation that was never started is reported when the run ends', async (stage) => {
    await stage.play(async () => {
      step('forgotten', nothing)
      await step('awaited', nothing)
    })
    const warnings = stage.messages('warn').filter((message) => message.includes('never'))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /step "forgotten".*operations\.[jt]s:\d+/s)
  }),

  engineCase('M6: creating an operation inside of a step throws, naming both', async (stage) => {
    const run = await stage.start(
      stage.flow(async () => await step('outer', async () => await step('inner', nothing))),
    )
    const error = await rejectsWith(run.result(), {
      code: 'STEP_FAILED',
      cause: { code: 'NESTED_OPERATION' },
    })
    assert.match(String((error as StepError).cause), /"inner".*"outer"/)
  }),

  engineCase('M8: a branch that is a bare promise is refused, and nothing has started', async (stage) => {
    let calls = 0
    await stage.play(async () => {
      const running: unknown = Promise.resolve(1)
      const branches = [step('a', () => ++calls), running as BranchInput]
      for (const group of [() => parallel(branches), () => race(branches), () => any(branches)])
        assert.throws(group, (error) => error instanceof TypeError && error.message.includes('() =>'))
      await step('after', nothing)
    })
    assert.equal(calls, 0)
  }),

  engineCase('E7: an unknown option is refused at the call, with a hint', async (stage) => {
    const options = { concurency: 3 } as object
    const run = await stage.start(stage.flow(async () => await parallel([step('a', held)], options)))
    const error = await rejectsWith(run.result(), { name: 'TypeError' })
    assert.match(String(error), /concurency.*concurrency/)
  }),
]
