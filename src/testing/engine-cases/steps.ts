/** The options of `step`, and R1: how often its function is called. */
import assert from 'node:assert/strict'
import type { RetryOptions } from '../../core/retry-policy.ts'
import { parallel } from '../../core/parallel.ts'
import { step } from '../../core/step.ts'
import type { StepContext } from '../../core/step-function.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, rejectsWith } from './fixtures.ts'
import { gate } from './gate.ts'

const QUICK = { initialDelay: 1, jitter: false } as const

export const stepCases: readonly EngineCase[] = [
  engineCase(
    'a function may be sync or async, and is given signal, attempt, idempotencyKey and log',
    async (stage) => {
      const given: unknown[] = []
      const look = ({ signal, attempt, idempotencyKey, log }: StepContext): string => {
        given.push(
          signal instanceof AbortSignal,
          signal.aborted,
          attempt,
          typeof idempotencyKey,
          typeof log.info,
        )
        return 'sync'
      }
      const output = await stage.play(async () => [
        await step('a', look),
        await step('b', async () => 'async'),
      ])
      assert.deepEqual(output, ['sync', 'async'])
      assert.deepEqual(given, [true, false, 1, 'string', 'function'])
    },
  ),

  engineCase('retry: by default one attempt', async (stage) => {
    let calls = 0
    const failing = stage.flow(async () => await step('bad', () => fails(`call ${++calls}`)()))
    await rejectsWith((await stage.start(failing)).result(), { attempts: 1, cause: { message: 'call 1' } })
    assert.equal(calls, 1)
  }),

  engineCase(
    'retry: every way of backing off, until it succeeds or the attempts are used up',
    async (stage) => {
      const policies: RetryOptions[] = [
        { maxAttempts: 3, ...QUICK },
        { maxAttempts: 3, backoff: 'linear', ...QUICK },
        { maxAttempts: 3, backoff: 'fixed', ...QUICK },
        { maxAttempts: 3, backoff: 'exponential', factor: 1.5, maxDelay: 2, initialDelay: 1 },
        { maxAttempts: 3, backoff: (attempt) => attempt },
        { maxAttempts: 3, backoff: 'fixed', initialDelay: 0 },
      ]
      const attempts: number[][] = policies.map(() => [])
      const output = await stage.twice(
        async () =>
          await parallel(
            policies.map((retry, n) =>
              step(
                `policy ${n}`,
                ({ attempt }) => {
                  attempts[n]?.push(attempt)
                  if (attempt < (n === 0 ? 4 : 3)) throw new Error(`attempt ${attempt}`)
                  return attempt
                },
                { retry },
              ),
            ),
            { settle: true },
          ),
      )
      assert.deepEqual(
        attempts,
        policies.map(() => [1, 2, 3]),
      )
      has(output[0], { status: 'rejected', reason: { attempts: 3, cause: { message: 'attempt 3' } } })
      assert.deepEqual(
        output.slice(1),
        policies.slice(1).map(() => ({ status: 'fulfilled', value: 3 })),
      )
    },
  ),

  engineCase(
    'retry: retryIf is asked with the error and the attempt; false gives up at once',
    async (stage) => {
      const asked: unknown[] = []
      const retryIf = (error: unknown, attempt: number): boolean => {
        asked.push([(error as Error).message, attempt])
        return attempt < 2
      }
      const error = await stage.play(
        async () => await caught(step('bad', fails('no'), { retry: { maxAttempts: 9, retryIf, ...QUICK } })),
      )
      has(error, { code: 'STEP_FAILED', attempts: 2 })
      assert.deepEqual(asked, [
        ['no', 1],
        ['no', 2],
      ])
    },
  ),

  engineCase('retry: a step that waits for its next attempt keeps its place under a limit', async (stage) => {
    const order: string[] = []
    await stage.play(async () => {
      const flaky = step(
        'flaky',
        ({ attempt }) => {
          order.push(`flaky ${attempt}`)
          if (attempt < 3) throw new Error('again')
        },
        { retry: { maxAttempts: 3, ...QUICK } },
      )
      await parallel([flaky, step('next', () => order.push('next'))], { concurrency: 1 })
    })
    assert.deepEqual(order, ['flaky 1', 'flaky 2', 'flaky 3', 'next'])
  }),

  engineCase(
    'idempotencyKey: the same for every attempt and after a crash; another for each step and run',
    async (stage) => {
      const keys: string[] = []
      const flow = stage.flow(async () => {
        const note = ({ idempotencyKey, attempt }: StepContext): void => {
          keys.push(idempotencyKey)
          if (attempt === 1) throw new Error('again')
        }
        await step('a', note, { retry: QUICK })
        await step('a', ({ idempotencyKey }) => keys.push(idempotencyKey))
        await step('mine', ({ idempotencyKey }) => keys.push(idempotencyKey), { idempotencyKey: 'order 7' })
        await step('cut off', ({ idempotencyKey }) => {
          keys.push(idempotencyKey)
          return stage.cut()
        })
      })
      const run = await stage.crash(flow)
      await run.result()
      const [first, again, second, mine, cut, cutAgain] = keys
      assert.equal(keys.length, 6)
      assert.deepEqual([again, mine, cutAgain], [first, 'order 7', cut])
      const other = await stage.start(flow)
      await other.result()
      assert.equal(new Set([first, second, cut, ...keys.slice(6).filter((key) => key !== 'order 7')]).size, 6)
    },
  ),

  engineCase('R1: attempts are counted across a crash, and failed ones are not made again', async (stage) => {
    const attempts: number[] = []
    const flow = stage.flow(
      async () =>
        await step(
          'flaky',
          async ({ attempt }) => {
            attempts.push(attempt)
            if (attempt === 1) throw new Error('again')
            await stage.cut()
            return attempt
          },
          { retry: { maxAttempts: 9, ...QUICK } },
        ),
    )
    const run = await stage.crash(flow)
    // Whether the attempt that was cut off counts depends on whether its start had been written down.
    const last = await run.result()
    assert.ok(last === 2 || last === 3, `attempt ${last}`)
    assert.deepEqual(attempts, [1, 2, last])
  }),

  engineCase(
    'R1: a crash while a step waits for its next attempt: it is made when its time has come',
    async (stage) => {
      const attempts: number[] = []
      const failed = gate()
      const flow = stage.flow(
        async () =>
          await step(
            'flaky',
            ({ attempt }) => {
              attempts.push(attempt)
              if (attempt > 1) return 'done'
              failed.open()
              throw new Error('again')
            },
            { retry: { maxAttempts: 9, backoff: 'fixed', initialDelay: 100, jitter: false } },
          ),
      )
      const { id } = await stage.start(flow)
      await failed.promise
      await stage.restart()
      assert.equal(await stage.get(flow, id).result(), 'done')
      // The crash may have come before the failure was recorded.
      assert.ok(attempts.length <= 3 && attempts[0] === 1)
    },
  ),

  engineCase('R1: a step that gave up before the crash stays failed', async (stage) => {
    let calls = 0
    const error = await stage.twice(
      async () =>
        await caught(
          step('bad', () => (calls++, fails('for good')()), { retry: { maxAttempts: 2, ...QUICK } }),
        ),
    )
    has(error, { code: 'STEP_FAILED', attempts: 2, cause: { message: 'for good' } })
    assert.equal(calls, 2)
  }),
]
