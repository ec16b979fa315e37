/** Runs as their handles show them: M12, M13, status, result, cancel, retry. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Schema } from '../../core/schema.ts'
import { parallel } from '../../core/parallel.ts'
import { step } from '../../core/step.ts'
import type { Operation } from '../../core/operation.ts'
import type { Workflow } from '../../core/workflow.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held, rejectsWith } from './fixtures.ts'
import { aborted, gate } from './gate.ts'
import type { Stage } from './stage.ts'

/** A workflow that says how often it has been executed for the first time, and with what. */
function counting(stage: Stage): Workflow<unknown, readonly [number, unknown]> {
  let calls = 0
  return stage.flow(async (_ctx, input: unknown) => [await step('count', () => ++calls), input] as const)
}

const text: Schema<string> = {
  '~standard': {
    version: 1,
    vendor: 'ai-workflows',
    validate: (value) =>
      typeof value === 'string'
        ? { value: value.trim() }
        : { issues: [{ message: 'expected a text', path: ['a'] }] },
  },
}

/** A step that hangs until its run is cancelled, and tells when it hangs. */
const hanging = (name: string, running: { open(): void }): Operation<never> =>
  step(name, (context) => (running.open(), held(context)))

export const runCases: readonly EngineCase[] = [
  engineCase('M12: an id that exists gives that run, if workflow and input agree', async (stage) => {
    const flow = counting(stage)
    const id = randomUUID()
    const first = await stage.start(flow, { a: 1, b: [new Date(0)] }, id)
    assert.deepEqual(await first.result(), [1, { a: 1, b: [new Date(0)] }])
    const again = await stage.start(flow, { b: [new Date(0)], a: 1 }, id)
    assert.deepEqual(await again.result(), [1, { a: 1, b: [new Date(0)] }])
    assert.equal(again.id, id)
  }),

  engineCase('M12: another input is a RunConflictError, also one that only looks alike', async (stage) => {
    const flow = counting(stage)
    const inputs = [0, -0, '0', null, undefined, [0], { a: undefined }, {}, new Date(0), Number.NaN, 0n]
    for (const input of inputs) {
      const run = await stage.start(flow, input)
      const others = inputs.filter((other) => !Object.is(other, input))
      await Promise.all(
        others.map((other) =>
          rejectsWith(stage.start(flow, other, run.id), { code: 'RUN_CONFLICT', runId: run.id }),
        ),
      )
      assert.ok(Object.is((await run.result())[1], input) || typeof input === 'object')
    }
  }),

  engineCase('M12: another workflow is a RunConflictError', async (stage) => {
    const [flow, other] = [counting(stage), counting(stage)]
    const run = await stage.start(flow, 1)
    await run.result()
    await rejectsWith(stage.start(other, 1, run.id), { code: 'RUN_CONFLICT', runId: run.id })
  }),

  engineCase(
    'M12: callers at once get one run; of those with different inputs some get a conflict',
    async (stage) => {
      const flow = counting(stage)
      const [same, different] = [randomUUID(), randomUUID()]
      const runs = await Promise.all(Array.from({ length: 10 }, () => stage.start(flow, 'same', same)))
      assert.deepEqual(
        await Promise.all(runs.map((run) => run.result())),
        runs.map(() => [1, 'same']),
      )
      const settled = await Promise.allSettled(
        ['a', 'b', 'a', 'b'].map((input) => stage.start(flow, input, different)),
      )
      const statuses = settled.map(({ status }) => status).toSorted()
      assert.deepEqual(statuses, ['fulfilled', 'fulfilled', 'rejected', 'rejected'])
      await stage.get(flow, different).result()
    },
  ),

  engineCase('M12: a failed run is found again with its failure, and not executed again', async (stage) => {
    let calls = 0
    const flow = stage.flow(async () => await step('bad', () => fails(`call ${++calls}`)()))
    const run = await stage.start(flow)
    await rejectsWith(run.result(), { stepName: 'bad', cause: { message: 'call 1' } })
    const again = await stage.start(flow, undefined, run.id)
    await rejectsWith(again.result(), { stepName: 'bad', cause: { message: 'call 1' } })
    assert.equal(calls, 1)
  }),

  engineCase(
    'R1: a run that has ended is found by its id in another life, and not executed again',
    async (stage) => {
      let executed = 0
      const flow = stage.flow(async () => {
        executed++
        return await step('a', () => new Set([1n]))
      })
      const run = await stage.start(flow)
      await run.result()
      const before = executed
      await stage.restart()
      const found = stage.get(flow, run.id)
      assert.deepEqual(await found.result(), new Set([1n]))
      assert.equal(await found.status(), 'completed')
      assert.deepEqual(await (await stage.start(flow, undefined, run.id)).result(), new Set([1n]))
      assert.equal(executed, before)
    },
  ),

  engineCase('status: while it goes on, and how it ended', async (stage) => {
    const running = gate()
    const flow = stage.flow(async (_ctx, how: string) => {
      if (how === 'fails') await step('bad', fails('no'))
      if (how === 'hangs') await hanging('slow', running)
      return how
    })
    const [good, bad, slow] = [
      await stage.start(flow, ''),
      await stage.start(flow, 'fails'),
      await stage.start(flow, 'hangs'),
    ]
    await Promise.all([good.result(), caught(bad.result()), running.promise])
    assert.deepEqual([await good.status(), await bad.status()], ['completed', 'failed'])
    await good.cancel() // which has no effect any more
    assert.deepEqual([await good.result(), await good.status()], ['', 'completed'])
    assert.ok(['running', 'waiting'].includes(await slow.status()))
    await slow.cancel()
    await rejectsWith(slow.result(), { code: 'CANCELLED' })
    assert.equal(await slow.status(), 'cancelled')
  }),

  engineCase('E3: a run that is not there', async (stage) => {
    const flow = stage.flow(() => 1)
    await stage.run(flow)
    const nobody = stage.get(flow, randomUUID())
    const uses = [
      () => nobody.result(),
      () => nobody.status(),
      () => nobody.cancel(),
      () => nobody.retry(),
      () => nobody.signal('a'),
    ]
    for (const use of uses)
      await rejectsWith(use(), { name: 'RunNotFoundError', code: 'RUN_NOT_FOUND', runId: nobody.id })
  }),

  engineCase(
    'E4: cancel: the signal of what runs is aborted with what the caller said, and the run ends as cancelled',
    async (stage) => {
      const [running, reason] = [gate(), gate<unknown>()]
      const calls: string[] = []
      const flow = stage.flow(async () => {
        try {
          const slow = step('slow', async ({ signal }) => {
            running.open()
            reason.open(await aborted(signal))
            signal.throwIfAborted()
          })
          await parallel([slow, step('queued', () => calls.push('queued'))], { concurrency: 1 })
        } finally {
          await step('refused', () => calls.push('refused'))
        }
      })
      const run = await stage.start(flow)
      await running.promise
      await run.cancel({ by: 'an operator' })
      await rejectsWith(run.result(), {
        code: 'CANCELLED',
        kind: 'run-cancelled',
        cause: { by: 'an operator' },
      })
      has(await reason.promise, { kind: 'run-cancelled', cause: { by: 'an operator' } })
      assert.equal(await run.status(), 'cancelled')
      assert.deepEqual(calls, [])
      await stage.restart()
      await rejectsWith(stage.get(flow, run.id).result(), {
        kind: 'run-cancelled',
        cause: { by: 'an operator' },
      })
    },
  ),

  engineCase('E4: a run that is cancelled, catches that and returns has completed', async (stage) => {
    const running = gate()
    const run = await stage.start(
      stage.flow(async () => await hanging('slow', running).catch(() => 'what there was')),
    )
    await running.promise
    await run.cancel()
    assert.equal(await run.result(), 'what there was')
    assert.equal(await run.status(), 'completed')
  }),

  engineCase('cancel: that comes before the run has begun ends it', async (stage) => {
    const flow = stage.flow(async (ctx) => await ctx.sleep('1w'))
    const runs = await Promise.all(Array.from({ length: 10 }, () => stage.start(flow)))
    await Promise.all(runs.map((run) => run.cancel('enough')))
    for (const run of runs) await rejectsWith(run.result(), { kind: 'run-cancelled', cause: 'enough' })
  }),

  engineCase('cancel: reaches a run that sleeps, and one that waits for an event', async (stage) => {
    const waiting = gate()
    const flow = stage.flow(async (ctx) => {
      waiting.open()
      await parallel([ctx.sleep('1w'), ctx.waitForEvent('never')])
    })
    const run = await stage.start(flow)
    await waiting.promise
    await run.cancel('enough')
    await rejectsWith(run.result(), { kind: 'run-cancelled', cause: 'enough' })
  }),

  engineCase('R1: retry executes a failed run again: what succeeded is not repeated', async (stage) => {
    const calls: string[] = []
    let works = false
    const child = stage.flow(async () => await step('of the child', () => calls.push('child')))
    const flow = stage.flow(async (ctx) => {
      const all = await parallel([
        step('a', () => calls.push('a')),
        async () => await step('b', () => calls.push('b')),
      ])
      await ctx.invoke(child, null)
      await step('flaky', () => {
        calls.push('flaky')
        if (!works) throw new Error('down')
      })
      return all.length
    })
    const run = await stage.start(flow)
    await rejectsWith(run.result(), { stepName: 'flaky' })
    await run.retry()
    await rejectsWith(run.result(), { stepName: 'flaky' })
    works = true
    await stage.restart()
    const later = stage.get(flow, run.id)
    await later.retry()
    assert.equal(await later.result(), 2)
    assert.deepEqual(calls.toSorted(), ['a', 'b', 'child', 'flaky', 'flaky', 'flaky'])
    await rejectsWith(later.retry(), { code: 'RUN_CONFLICT' })
  }),

  engineCase(
    'M13: a schema converts the input, and refuses a bad one before the run exists',
    async (stage) => {
      const flow = stage.flow((_ctx, input: string) => `<${input}>`, { input: text })
      assert.equal(await stage.run(flow, '  spaces  '), '<spaces>')
      const id = randomUUID()
      const error = await rejectsWith(stage.start(flow, 7 as never, id), { code: 'INVALID_INPUT' })
      assert.deepEqual((error as { issues: unknown }).issues, [{ message: 'expected a text', path: 'a' }])
      await rejectsWith(stage.get(flow, id).status(), { code: 'RUN_NOT_FOUND' })
    },
  ),

  engineCase('M13: a bad output fails the run; a child is checked like any run', async (stage) => {
    const child = stage.flow((_ctx, input: string) => (input === 'bad' ? (7 as never) : input), {
      input: text,
      output: text,
    })
    const host = stage.flow(async (ctx) => [
      await ctx.invoke(child, ' good '),
      await caught(ctx.invoke(child, 'bad')),
      await caught(ctx.invoke(child, 7 as never)),
    ])
    const [good, output, input] = await stage.run(host)
    assert.equal(good, 'good')
    has(output, { code: 'CHILD_FAILED', cause: { code: 'INVALID_INPUT' } })
    has(input, { code: 'CHILD_FAILED', cause: { code: 'INVALID_INPUT' } })
  }),
]
