/** `parallel`: results, limits, failing fast, settling, progress, signals. */
import assert from 'node:assert/strict'
import { CancelledError, StepError } from '../../core/errors.ts'
import type { Operation } from '../../core/operation.ts'
import { parallel } from '../../core/parallel.ts'
import type { GroupCounts } from '../../core/ports/observer.ts'
import { any, race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import type { StepContext } from '../../core/step-function.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held, never, rejectsWith } from './fixtures.ts'
import { aborted, gate, gates, Meter } from './gate.ts'

export const parallelCases: readonly EngineCase[] = [
  engineCase('parallel: results are in input order, whoever is done first', async (stage) => {
    const door = gates<string>()
    const run = await stage.start(
      stage.flow(
        async () => await parallel(['a', 'b', 'c'].map((name) => step(name, () => door(name).pass()))),
      ),
    )
    for (const name of ['c', 'b', 'a']) {
      await door(name).reached
      door(name).open(name.toUpperCase())
    }
    assert.deepEqual(await run.result(), ['A', 'B', 'C'])
  }),

  engineCase('parallel: a record gives a record, of operations and functions', async (stage) => {
    const output = await stage.twice(
      async (ctx) =>
        await parallel({
          step: step('a', () => new Date(0)),
          function: async () => [await step('b', () => 1), await step('c', () => 2)],
          value: () => 'plain',
          sleep: ctx.sleep(1),
          group: race({ only: () => 7 }),
        }),
    )
    assert.deepEqual(output, {
      step: new Date(0),
      function: [1, 2],
      value: 'plain',
      sleep: undefined,
      group: { winner: 'only', value: 7 },
    })
  }),

  engineCase('M11: empty groups', async (stage) => {
    const output = await stage.twice(async () => {
      const nobody = await caught(any([]))
      const noRace = await caught((async () => await race([]))())
      return [
        await parallel([]),
        await parallel({}),
        await parallel([], { settle: true, concurrency: 2 }),
        nobody instanceof AggregateError,
        noRace instanceof TypeError,
      ]
    })
    assert.deepEqual(output, [[], {}, [], true, true])
  }),

  engineCase(
    'M1: concurrency: at most so many run at once; the next starts the moment one ends, in input order',
    async (stage) => {
      const names = Array.from({ length: 9 }, (_, n) => `${n}`)
      const [meter, door] = [new Meter(), gates()]
      const work = (name: string): Operation<void> =>
        step(name, () => meter.during(name, () => door(name).pass()))
      const run = await stage.start(
        stage.flow(async () => await parallel(names.map(work), { concurrency: 3 })),
      )
      for (const [n, name] of names.entries()) {
        await Promise.all(names.slice(n, n + 3).map((next) => door(next).reached))
        assert.equal(meter.running, Math.min(3, names.length - n))
        door(name).open()
      }
      await run.result()
      assert.equal(meter.most, 3)
      assert.deepEqual(meter.started, names)
    },
  ),

  engineCase(
    'M10: a limit counts branches: a function keeps its place until it has returned',
    async (stage) => {
      const [inside, steps] = [new Meter(), new Meter()]
      await stage.play(async (ctx) => {
        const branch = (n: number) => () =>
          inside.during(`${n}`, async () => {
            for (const part of [1, 2, 3])
              await step(`${n} ${part}`, () => steps.during('', async () => undefined))
            await ctx.sleep(1)
          })
        await parallel(
          Array.from({ length: 6 }, (_, n) => branch(n)),
          { concurrency: 2 },
        )
      })
      assert.equal(inside.most, 2)
      assert.ok(steps.most <= 2)
      assert.equal(steps.started.length, 18)
    },
  ),

  engineCase('an iterable is pulled only as its branches may start', async (stage) => {
    const ended: number[] = []
    const ahead: number[] = []
    function* branches(): Generator<Operation<number>> {
      for (let n = 0; n < 12; n++) {
        ahead.push(n - ended.length)
        yield step(`${n}`, () => n)
      }
    }
    const output = await stage.play(async () => {
      const done = ({ completed }: GroupCounts): void => void (ended.length = completed)
      return await parallel(branches(), { concurrency: 2, onProgress: done })
    })
    assert.deepEqual(
      output,
      Array.from({ length: 12 }, (_, n) => n),
    )
    assert.ok(Math.max(...ahead) <= 2, `pulled ${Math.max(...ahead)} ahead`)
  }),

  engineCase(
    'E1, E4: fail fast: the first failure is thrown, siblings are aborted and told why, queued ones never start',
    async (stage) => {
      const [running, reason] = [gate(), gate<unknown>()]
      const calls: string[] = []
      const flow = stage.flow(async () => {
        const siblings = [
          step('running', async ({ signal }) => {
            running.open()
            reason.open(await aborted(signal))
            signal.throwIfAborted()
          }),
          step('bad', () => running.promise.then(fails('no'))),
          step('queued', () => calls.push('queued')),
          async () => await step('queued too', () => calls.push('queued too')),
        ]
        const error = await caught(parallel(siblings, { concurrency: 2 }))
        await step('after', () => calls.push('after'))
        throw error
      })
      const run = await stage.start(flow)
      await rejectsWith(run.result(), { name: 'StepError', stepName: 'bad', cause: { message: 'no' } })
      has(await reason.promise, { kind: 'sibling-failed', by: 'bad', cause: { code: 'STEP_FAILED' } })
      assert.deepEqual(calls, ['after'])
    },
  ),

  engineCase('fail fast reaches into function branches: their awaits are refused', async (stage) => {
    const running = gate()
    const seen: unknown[] = []
    await stage.play(async () => {
      const branch = async (): Promise<void> => {
        try {
          await step('slow', (context) => (running.open(), held(context)))
        } catch (error) {
          seen.push(error instanceof CancelledError && error.kind)
        }
        await step('too late', () => seen.push('started'))
      }
      await caught(parallel([branch, step('bad', () => running.promise.then(fails('no')))]))
      await step('after', () => undefined)
    })
    assert.deepEqual(seen, ['sibling-failed'])
  }),

  engineCase(
    'E5: of several failures the first in journal order is thrown, at a replay too',
    async (stage) => {
      const names = ['a', 'b', 'c', 'd']
      const first = await stage.twice(async () => {
        const error = await caught(parallel(names.map((name) => step(name, fails(name)))))
        return error instanceof StepError ? [error.stepName, error.message] : undefined
      })
      assert.ok(names.includes(first?.[0] ?? ''))
    },
  ),

  engineCase('settle: true never throws, and cancels nobody', async (stage) => {
    const meter = new Meter()
    const body = (name: string) => () =>
      meter.during(name, async () => {
        if (name === 'bad') throw new RangeError('no')
        return name
      })
    const names = ['a', 'bad', 'c', 'd']
    const [list, record] = await stage.twice(async () => [
      await parallel(
        names.map((name) => step(name, body(name))),
        { settle: true, concurrency: 2 },
      ),
      await parallel({ x: step('x', body('bad')), y: () => 2 }, { settle: true }),
    ])
    assert.deepEqual(
      list.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as StepError).stepName)),
      names,
    )
    has(record, {
      x: { status: 'rejected', reason: { stepName: 'x', cause: { name: 'RangeError' } } },
      y: { status: 'fulfilled', value: 2 },
    })
    assert.equal(meter.started.length, 5)
  }),

  engineCase('onProgress is called after every branch with the counts at that time', async (stage) => {
    const door = gates()
    const seen: GroupCounts[] = []
    const names = ['a', 'b', 'c', 'd']
    const run = await stage.start(
      stage.flow(
        async () =>
          await parallel(
            names.map((name) => step(name, () => door(name).pass())),
            { concurrency: 2, settle: true, onProgress: (counts) => void seen.push(counts) },
          ),
      ),
    )
    for (const name of names) {
      await door(name).reached
      if (name === 'c') door(name).fail(new Error(name))
      else door(name).open()
    }
    await run.result()
    // What ends at the same time is told in the order of the journal.
    assert.deepEqual(
      seen.map(({ completed, failed }) => completed + failed),
      [1, 2, 3, 4],
    )
    assert.ok(seen.every(({ total, running }) => total === 4 && running <= 2))
    assert.deepEqual(seen.at(-1), { total: 4, completed: 3, failed: 1, running: 0 })
  }),

  engineCase(
    'signal: aborts the group from outside, and the replay needs no signal to do so again',
    async (stage) => {
      const controller = new AbortController()
      const [running, reason] = [gate(), gate<unknown>()]
      const waits = async ({ signal }: StepContext): Promise<never> => {
        running.open()
        reason.open(await aborted(signal))
        throw signal.reason
      }
      const calls: string[] = []
      const flow = stage.flow(async () => {
        const signal = stage.life === 1 ? controller.signal : new AbortController().signal
        const branches = [step('a', waits), step('queued', () => calls.push('queued'))]
        const error = await caught(parallel(branches, { signal, concurrency: 1, settle: true }))
        await step('cut off', stage.cut)
        throw error
      })
      const run = await stage.crash(flow, async () => {
        await running.promise
        controller.abort(new RangeError('enough'))
      })
      await rejectsWith(run.result(), { code: 'CANCELLED', kind: 'aborted', cause: { name: 'RangeError' } })
      has(await reason.promise, { kind: 'aborted', cause: { message: 'enough' } })
      assert.deepEqual(calls, [])
    },
  ),

  engineCase('signal: aborted before the start: nothing begins', async (stage) => {
    let calls = 0
    const signal = AbortSignal.abort('closed')
    const error = await stage.play(async () => {
      const refused = await caught(parallel([step('a', () => ++calls), never], { signal }))
      await step('after', () => undefined)
      return refused
    })
    has(error, { code: 'CANCELLED', kind: 'aborted', cause: 'closed' })
    assert.equal(calls, 0)
  }),
]
