/** `timeout` of groups and steps, `timeoutValue`, and `waitForCancelled`. */
import assert from 'node:assert/strict'
import { setTimeout as work } from 'node:timers/promises'
import { TimeoutError } from '../../core/errors.ts'
import { parallel } from '../../core/parallel.ts'
import { any, race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import type { StepContext } from '../../core/step-function.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held, never, rejectsWith } from './fixtures.ts'
import { aborted, gate } from './gate.ts'

export const timeoutCases: readonly EngineCase[] = [
  engineCase(
    'E3, E4: timeout: a TimeoutError, those that run are told, and queued ones never start',
    async (stage) => {
      const reason = gate<unknown>()
      const calls: string[] = []
      const flow = stage.flow(async () => {
        const branches = [
          step('slow', async ({ signal }) => reason.open(await aborted(signal))),
          step('queued', () => calls.push('queued')),
        ]
        const error = await caught(parallel(branches, { timeout: 20, concurrency: 1, name: 'limited' }))
        assert.ok(error instanceof TimeoutError)
        await step('after', () => calls.push('after'))
        throw error
      })
      const run = await stage.start(flow)
      await rejectsWith(run.result(), { code: 'TIMEOUT', key: 'limited', timeout: 20 })
      has(await reason.promise, { kind: 'timeout', by: 'limited', cause: { code: 'TIMEOUT' } })
      assert.deepEqual(calls, ['after'])
    },
  ),

  engineCase(
    "timeoutValue 'partial': what has completed, in its place, and undefined elsewhere",
    async (stage) => {
      const output = await stage.twice(async (ctx) => {
        const quick = step('quick', () => 'done')
        await quick // so that it has completed before the time is up, however slow this machine is
        return [
          await parallel([step('a', held), quick, ctx.sleep('1w')], { timeout: 10, timeoutValue: 'partial' }),
          await parallel({ a: step('a', held), b: quick }, { timeout: '10ms', timeoutValue: 'partial' }),
          await parallel([quick, step('a', held)], { timeout: 10, timeoutValue: 'partial', concurrency: 1 }),
        ]
      })
      assert.deepEqual(output, [
        [undefined, 'done', undefined],
        { a: undefined, b: 'done' },
        ['done', undefined],
      ])
    },
  ),

  engineCase(
    "timeoutValue 'partial' with settle: what is not done is rejected with the TimeoutError",
    async (stage) => {
      const settled = await stage.twice(async () => {
        const [good, bad] = [step('good', () => 1), step('bad', fails('no'))]
        await Promise.allSettled([good, bad])
        const options = { settle: true, timeout: 10, timeoutValue: 'partial' } as const
        return await parallel([good, bad, step('slow', held)], options)
      })
      assert.deepEqual(settled[0], { status: 'fulfilled', value: 1 })
      has(settled[1], { status: 'rejected', reason: { code: 'STEP_FAILED' } })
      has(settled[2], { status: 'rejected', reason: { code: 'TIMEOUT', timeout: 10 } })
    },
  ),

  engineCase('timeoutValue: anything else is returned as it is, by every kind of group', async (stage) => {
    const output = await stage.twice(async () => [
      await parallel([step('a', held)], { timeout: 5, timeoutValue: 'late' }),
      await parallel({ a: step('a', held) }, { timeout: 5, timeoutValue: undefined }),
      await race([step('a', held)], { timeout: 5, timeoutValue: null }),
      await any({ a: step('a', held), b: step('b', fails('no')) }, { timeout: 5, timeoutValue: 7 }),
    ])
    assert.deepEqual(output, ['late', undefined, null, 7])
  }),

  engineCase('E3: race and any without a timeoutValue throw the TimeoutError', async (stage) => {
    const errors = await stage.twice(async () => [
      await caught(race([step('a', held)], { timeout: 5 })),
      await caught(any([step('a', held), step('b', fails('no'))], { timeout: 5 })),
    ])
    has(errors[0], { code: 'TIMEOUT', key: 'race', timeout: 5 })
    has(errors[1], { code: 'TIMEOUT', key: 'any', timeout: 5 })
  }),

  engineCase('a timeout that is not needed changes nothing', async (stage) => {
    const output = await stage.twice(async () => [
      await parallel([step('a', () => 1)], { timeout: '30s', timeoutValue: 'partial' }),
      await race([step('b', () => 2)], { timeout: '1h' }),
      await step('c', () => 3, { timeout: '1h' }),
    ])
    assert.deepEqual(output, [[1], 2, 3])
  }),

  engineCase('timeout of a step: the attempt is aborted, and fails with a TimeoutError', async (stage) => {
    const reason = gate<unknown>()
    const run = await stage.start(
      stage.flow(
        async () =>
          await step('slow', async ({ signal }) => reason.open(await aborted(signal)), { timeout: 10 }),
      ),
    )
    await rejectsWith(run.result(), {
      code: 'STEP_FAILED',
      attempts: 1,
      cause: { code: 'TIMEOUT', key: 'slow', timeout: 10 },
    })
    has(await reason.promise, { kind: 'timeout', by: 'slow', cause: { code: 'TIMEOUT' } })
  }),

  engineCase(
    'timeout of a step: is for each attempt, and R3: what comes back too late is refused',
    async (stage) => {
      const attempts: number[] = []
      const late = gate()
      const output = await stage.play(
        async () =>
          await step(
            'slow at first',
            async ({ attempt, signal }: StepContext) => {
              attempts.push(attempt)
              if (attempt === 1) {
                await aborted(signal)
                await late.promise
                return 'too late'
              }
              late.open()
              return 'in time'
            },
            { timeout: 100, retry: { maxAttempts: 3, initialDelay: 1 } },
          ),
      )
      assert.equal(output, 'in time')
      assert.deepEqual(attempts.slice(0, 2), [1, 2])
    },
  ),

  engineCase(
    'waitForCancelled: by default a group returns at once, whatever its siblings do',
    async (stage) => {
      const running = gate()
      const error = await stage.play(
        async () =>
          await caught(
            parallel([
              step('deaf', () => (running.open(), never())),
              step('bad', () => running.promise.then(fails('no'))),
            ]),
          ),
      )
      has(error, { stepName: 'bad' })
    },
  ),

  engineCase('waitForCancelled: true returns when what was cancelled has really stopped', async (stage) => {
    const running = gate()
    const order: string[] = []
    await stage.play(async (ctx) => {
      const slowToStop = async (context: StepContext): Promise<void> => {
        running.open()
        await aborted(context.signal)
        await work(30)
        order.push('stopped')
      }
      const branch = async (): Promise<void> => {
        try {
          await ctx.sleep('1w')
        } finally {
          await ctx.uncancellable(async () => await step('clean up', () => order.push('cleaned up')))
        }
      }
      const bad = step('bad', () => running.promise.then(fails('no')))
      await caught(parallel([step('slow', slowToStop), branch, bad], { waitForCancelled: true }))
      order.push('returned')
    })
    assert.deepEqual(order.toSorted(), ['cleaned up', 'returned', 'stopped'])
    assert.equal(order.at(-1), 'returned')
  }),

  engineCase('waitForCancelled: a duration bounds it', async (stage) => {
    const running = gate()
    const output = await stage.play(async () => {
      const deaf = step('deaf', () => (running.open(), never()))
      return await race([deaf, step('quick', () => running.promise.then(() => 'quick'))], {
        waitForCancelled: 10,
      })
    })
    assert.equal(output, 'quick')
  }),

  engineCase('waitForCancelled: true waits for a child run until it has ended', async (stage) => {
    const running = gate()
    const order: string[] = []
    const child = stage.flow(async (ctx) => {
      try {
        await step('work', (context) => (running.open(), held(context)))
      } finally {
        await ctx.uncancellable(async () => {
          await ctx.sleep(20)
          await step('clean up', () => order.push('cleaned up'))
        })
      }
    })
    await stage.play(async (ctx) => {
      const bad = step('bad', () => running.promise.then(fails('no')))
      await caught(parallel([ctx.invoke(child, null), bad], { waitForCancelled: true }))
      await step('after', () => order.push('after'))
    })
    assert.deepEqual(order, ['cleaned up', 'after'])
  }),
]
