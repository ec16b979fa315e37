/** Steps that are undone when their run fails. */
import assert from 'node:assert/strict'
import { CompensationError, type CancelledError } from '../../core/errors.ts'
import type { Operation } from '../../core/operation.ts'
import { parallel } from '../../core/parallel.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { fails, has, held, rejectsWith } from './fixtures.ts'
import { gate } from './gate.ts'

/** Does, and undoes, and writes down both. */
const work = (calls: string[], name: string): Operation<string> =>
  step(name, () => (calls.push(`do ${name}`), name), {
    compensate: (result) => void calls.push(`undo ${result}`),
  })

export const compensationCases: readonly EngineCase[] = [
  engineCase(
    'compensate: when the run fails, what completed is undone, the last first, and it fails as before',
    async (stage) => {
      const calls: string[] = []
      const flow = stage.flow(async () => {
        await work(calls, 'a')
        await parallel([work(calls, 'b'), async () => await parallel({ deep: step('not undone', () => 1) })])
        await parallel([async () => await work(calls, 'c')])
        await step('bad', fails('no'))
      })
      const run = await stage.start(flow)
      await rejectsWith(run.result(), { code: 'STEP_FAILED', stepName: 'bad' })
      assert.deepEqual(calls, ['do a', 'do b', 'do c', 'undo c', 'undo b', 'undo a'])
      assert.equal(await run.status(), 'failed')
    },
  ),

  engineCase('compensate: nothing is undone when the code deals with the failure', async (stage) => {
    const calls: string[] = []
    await stage.play(async () => {
      await work(calls, 'a')
      await step('bad', fails('no')).catch(() => undefined)
    })
    assert.deepEqual(calls, ['do a'])
  }),

  engineCase('compensate: a cancelled run undoes what it did, and ends as cancelled', async (stage) => {
    const running = gate()
    const seen: unknown[] = []
    const flow = stage.flow(async () => {
      await step('a', () => 1, {
        compensate: (result, { signal, error }) =>
          void seen.push(result, signal.aborted, (error as CancelledError).kind),
      })
      await step('slow', (context) => (running.open(), held(context)))
    })
    const run = await stage.start(flow)
    await running.promise
    await run.cancel('enough')
    await rejectsWith(run.result(), { kind: 'run-cancelled', cause: 'enough' })
    assert.deepEqual(seen, [1, false, 'run-cancelled'])
    assert.equal(await run.status(), 'cancelled')
  }),

  engineCase('compensate: is given the recorded result, a key of its own and why', async (stage) => {
    const seen: unknown[] = []
    const flow = stage.flow(async () => {
      const when = await step('when', () => new Date(5), {
        idempotencyKey: 'order 7',
        compensate: (result, { attempt, idempotencyKey, error }) =>
          void seen.push(result, attempt, idempotencyKey, (error as Error).message),
      })
      when.setTime(0)
      throw new RangeError('why')
    })
    await rejectsWith((await stage.start(flow)).result(), { name: 'RangeError', message: 'why' })
    assert.deepEqual(seen, [new Date(5), 1, 'order 7!compensate', 'why'])
  }),

  engineCase(
    'compensate: is tried again; when it fails for good the others are undone all the same',
    async (stage) => {
      const calls: string[] = []
      const stubborn = (name: string, until: number): Operation<unknown> =>
        step(name, () => name, {
          compensate: {
            run: (_result, { attempt }) => {
              calls.push(`${name} ${attempt}`)
              if (attempt < until) throw new TypeError(`${name} stays`)
            },
            retry: { maxAttempts: 2, initialDelay: 1 },
          },
        })
      const flow = stage.flow(async () => {
        await stubborn('a', 1)
        await stubborn('b', 9)
        await stubborn('c', 2)
        await step('bad', fails('the reason'))
      })
      const run = await stage.start(flow)
      const error = await rejectsWith(run.result(), {
        code: 'COMPENSATION_FAILED',
        cause: { code: 'STEP_FAILED', cause: { message: 'the reason' } },
      })
      assert.ok(error instanceof CompensationError)
      assert.equal(error.failures.length, 1)
      has(error.failures[0], {
        step: 'b',
        key: 'b',
        error: { attempts: 2, cause: { name: 'TypeError', message: 'b stays' } },
      })
      assert.deepEqual(calls, ['c 1', 'c 2', 'b 1', 'b 2', 'a 1'])
      assert.equal(await run.status(), 'failed')
    },
  ),

  engineCase('R1: compensate: interrupted while it undoes, a run goes on there', async (stage) => {
    const calls: string[] = []
    const flow = stage.flow(async () => {
      await work(calls, 'a')
      await step('b', () => 'b', { compensate: stage.cut })
      await work(calls, 'c')
      await step('bad', fails('no'))
    })
    const run = await stage.crash(flow)
    await rejectsWith(run.result(), { stepName: 'bad' })
    assert.deepEqual(calls, ['do a', 'do c', 'undo c', 'undo a'])
  }),

  engineCase(
    'compensate: a retried run does again what was undone, under another idempotency key',
    async (stage) => {
      const keys: string[] = []
      let mended = false
      const flow = stage.flow(async () => {
        await step('kept', ({ idempotencyKey }) => keys.push(idempotencyKey))
        await step('charge', ({ idempotencyKey }) => keys.push(idempotencyKey), {
          compensate: (_result, { idempotencyKey }) => void keys.push(idempotencyKey),
        })
        await step('flaky', () => (mended ? 'done' : fails('not yet')()))
      })
      const run = await stage.start(flow)
      await rejectsWith(run.result(), { stepName: 'flaky' })
      mended = true
      await run.retry()
      await run.result()
      assert.equal(keys.length, 4)
      assert.equal(new Set(keys).size, 4)
    },
  ),

  engineCase('compensate: a child that fails undoes its own before its parent hears of it', async (stage) => {
    const calls: string[] = []
    const child = stage.flow(async () => {
      await work(calls, 'of the child')
      await step('bad', fails('no'))
    })
    const flow = stage.flow(async (ctx) => {
      await work(calls, 'first')
      await ctx.invoke(child, null)
    })
    await rejectsWith((await stage.start(flow)).result(), { code: 'CHILD_FAILED' })
    assert.deepEqual(calls, ['do first', 'do of the child', 'undo of the child', 'undo first'])
  }),
]
