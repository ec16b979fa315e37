/** M9: `ctx.invoke`. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { parallel } from '../../core/parallel.ts'
import { race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held, rejectsWith } from './fixtures.ts'
import { aborted, gate, gates, Meter } from './gate.ts'

export const childCases: readonly EngineCase[] = [
  engineCase('M9: a child is a run of its own, with an id of its own or the given one', async (stage) => {
    const child = stage.flow(async (ctx, n: number) => [ctx.id, await step('double', () => n * 2)] as const)
    const mine = randomUUID()
    const host = stage.flow(async (ctx) => [
      ctx.id,
      await ctx.invoke(child, 1),
      await ctx.invoke(child, 2),
      await ctx.invoke(child, 3, { id: mine }),
      await parallel({ left: async () => await ctx.invoke(child, 4) }),
    ])
    const run = await stage.start(host)
    const [parent, first, second, third, group] = (await run.result()) as [
      string,
      ...(readonly [string, number])[],
    ]
    const left = (group as unknown as { left: readonly [string, number] }).left
    const children = [first, second, third, left] as (readonly [string, number])[]
    assert.deepEqual(
      children.map(([, doubled]) => doubled),
      [2, 4, 6, 8],
    )
    assert.equal(new Set([parent, ...children.map(([id]) => id)]).size, 5)
    assert.equal(third?.[0], mine)
    for (const [id, doubled] of children) {
      assert.equal(await stage.get(child, id).status(), 'completed')
      assert.deepEqual(await stage.get(child, id).result(), [id, doubled])
    }
  }),

  engineCase('M9: a child is lazy: one that nobody awaits is never a run', async (stage) => {
    let calls = 0
    const child = stage.flow(async () => await step('a', () => ++calls))
    const unwanted = randomUUID()
    const host = stage.flow(async (ctx) => {
      ctx.invoke(child, null, { id: unwanted })
      const wanted = ctx.invoke(child, null)
      await step('between', () => assert.equal(calls, 0))
      return await wanted
    })
    assert.equal(await stage.run(host), 1)
    await rejectsWith(stage.get(child, unwanted).status(), { code: 'RUN_NOT_FOUND' })
  }),

  engineCase('M9: children are limited like any branch', async (stage) => {
    const [meter, door] = [new Meter(), gates()]
    const names = ['a', 'b', 'c', 'd', 'e']
    const child = stage.flow(
      async (_ctx, name: string) => await step('work', () => meter.during(name, () => door(name).pass())),
    )
    const host = stage.flow(async (ctx) => {
      await parallel(
        names.map((name) => ctx.invoke(child, name)),
        { concurrency: 2 },
      )
    })
    const run = await stage.start(host)
    for (const [n, name] of names.entries()) {
      await Promise.all(names.slice(n, n + 2).map((next) => door(next).reached))
      assert.equal(meter.running, Math.min(2, names.length - n))
      door(name).open()
    }
    await run.result()
    assert.equal(meter.most, 2)
  }),

  engineCase(
    'M9: a child that fails rejects with a ChildError that has what it threw; the parent may go on',
    async (stage) => {
      const child = stage.flow((_ctx, message: string) => {
        throw new RangeError(message, { cause: { code: 7 } })
      })
      const error = await stage.twice(async (ctx) => await caught(ctx.invoke(child, 'too far')))
      has(error, {
        name: 'ChildError',
        code: 'CHILD_FAILED',
        workflow: child.name,
        cause: { name: 'RangeError', message: 'too far', cause: { code: 7 } },
      })
      const { runId } = error as { runId: string }
      await rejectsWith(stage.get(child, runId).result(), { name: 'RangeError', message: 'too far' })
      assert.equal(await stage.get(child, runId).status(), 'failed')
    },
  ),

  engineCase('M9: a failure of a child that nobody deals with fails the parent', async (stage) => {
    const child = stage.flow(async () => await step('bad', fails('no')))
    const middle = stage.flow(async (ctx) => await ctx.invoke(child, null))
    const host = stage.flow(async (ctx) => await ctx.invoke(middle, null))
    const run = await stage.start(host)
    await rejectsWith(run.result(), {
      code: 'CHILD_FAILED',
      workflow: middle.name,
      cause: { code: 'CHILD_FAILED', workflow: child.name, cause: { code: 'STEP_FAILED', stepName: 'bad' } },
    })
    assert.equal(await run.status(), 'failed')
  }),

  engineCase(
    'M9: a crash while a child runs: it is started once, and repeats nothing that is recorded',
    async (stage) => {
      const calls: string[] = []
      const ids = new Set<string>()
      const child = stage.flow(async (ctx, from: string) => {
        ids.add(ctx.id)
        await step('first', () => calls.push(`first, from ${from}`))
        await step('cut off', stage.cut)
        return await step('last', () => calls.push('last'))
      })
      const host = stage.flow(async (ctx) => {
        await step('before', () => calls.push('before'))
        const result = await ctx.invoke(child, ctx.id)
        await step('after', () => calls.push('after'))
        return result
      })
      const run = await stage.crash(host)
      assert.equal(await run.result(), 3)
      assert.deepEqual(calls, ['before', `first, from ${run.id}`, 'last', 'after'])
      assert.equal(ids.size, 1)
    },
  ),

  engineCase('M9: a child that has ended before a crash is not executed again', async (stage) => {
    const calls: string[] = []
    const child = stage.flow(async (_ctx, n: number) => await step('work', () => (calls.push(`${n}`), n * 2)))
    const output = await stage.twice(
      async (ctx) =>
        await parallel(
          [1, 2, 3].map((n) => ctx.invoke(child, n)),
          { concurrency: 2 },
        ),
    )
    assert.deepEqual(output, [2, 4, 6])
    assert.deepEqual(calls.toSorted(), ['1', '2', '3'])
  }),

  engineCase('M9: cancelling the parent cancels the child, and its own children', async (stage) => {
    const [running, reason] = [gate(), gate<unknown>()]
    const ids: string[] = []
    const grandchild = stage.flow(async (ctx) => {
      ids.push(ctx.id)
      await step('wait', async ({ signal }) => {
        running.open()
        reason.open(await aborted(signal))
        signal.throwIfAborted()
      })
    })
    const child = stage.flow(async (ctx) => {
      ids.push(ctx.id)
      await ctx.invoke(grandchild, null)
    })
    const host = stage.flow(async (ctx) => await ctx.invoke(child, null))
    const run = await stage.start(host)
    await running.promise
    await run.cancel('enough')
    await rejectsWith(run.result(), { code: 'CANCELLED', kind: 'run-cancelled', cause: 'enough' })
    has(await reason.promise, { kind: 'run-cancelled' })
    const [ofChild = '', ofGrandchild = ''] = ids
    await rejectsWith(stage.get(child, ofChild).result(), { code: 'CANCELLED' })
    await rejectsWith(stage.get(grandchild, ofGrandchild).result(), { code: 'CANCELLED' })
    assert.equal(await stage.get(child, ofChild).status(), 'cancelled')
    assert.equal(await stage.get(grandchild, ofGrandchild).status(), 'cancelled')
  }),

  engineCase(
    'M9, E4: a child that its group gives up is cancelled, and its steps are told',
    async (stage) => {
      const ids = new Map<string, string>()
      const running = gates()
      const child = stage.flow(async (ctx, name: string) => {
        ids.set(name, ctx.id)
        await step('wait', (context) => (running(name).open(), held(context)))
      })
      const flow = stage.flow(async (ctx) => {
        await race([ctx.invoke(child, 'race'), step('quick', () => running('race').promise)])
        await caught(
          parallel([ctx.invoke(child, 'all'), step('bad', () => running('all').promise.then(fails('no')))]),
        )
      })
      await stage.run(flow)
      const told = async (name: string): Promise<unknown> =>
        await rejectsWith(stage.get(child, ids.get(name) ?? '').result(), {
          code: 'CANCELLED',
          kind: 'run-cancelled',
        })
      has(await told('race'), { cause: { kind: 'race-lost', by: 'quick' } })
      has(await told('all'), { cause: { kind: 'sibling-failed', by: 'bad' } })
    },
  ),

  engineCase('M9, M12: an id that another run has is a failure of the child', async (stage) => {
    const taken = randomUUID()
    const child = stage.flow((_ctx, n: number) => n)
    const host = stage.flow(async (ctx) => await ctx.invoke(child, 1, { id: taken }))
    const mine = await stage.start(child, 7, taken)
    await mine.result()
    await rejectsWith((await stage.start(host)).result(), {
      code: 'CHILD_FAILED',
      cause: { code: 'RUN_CONFLICT' },
    })
  }),

  engineCase('M9, E3: an input that cannot be stored is refused at the call', async (stage) => {
    const child = stage.flow((_ctx, input: unknown) => input)
    const host = stage.flow(async (ctx) => await ctx.invoke(child, { deep: { fn: () => 1 } }))
    await rejectsWith((await stage.start(host)).result(), { code: 'SERIALIZATION', path: 'input.deep.fn' })
  }),

  engineCase('M9: a child waits for events and sleeps like any run', async (stage) => {
    const begun = gate<string>()
    const child = stage.flow(async (ctx) => {
      await ctx.sleep(1)
      begun.open(ctx.id)
      return (await ctx.waitForEvent('go')) as unknown
    })
    const run = await stage.start(stage.flow(async (ctx) => await ctx.invoke(child, null)))
    await stage.get(child, await begun.promise).signal('go', 'for the child')
    assert.equal(await run.result(), 'for the child')
  }),
]
