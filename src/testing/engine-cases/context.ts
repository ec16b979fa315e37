/** `ctx`: everything on it is deterministic. */
import assert from 'node:assert/strict'
import type { Context } from '../../core/context.ts'
import { any, race } from '../../core/race.ts'
import { parallel } from '../../core/parallel.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { fails, has, held, never, rejectsWith } from './fixtures.ts'
import { gate } from './gate.ts'

const nothing = (): undefined => undefined

export const contextCases: readonly EngineCase[] = [
  engineCase('ctx: id, name, input, signal, and the functions of the front door', async (stage) => {
    const flow = stage.flow(async (ctx: Context<{ a: Date }>, input) => {
      await ctx.step('a', nothing)
      await ctx.parallel([async () => await ctx.step('b', nothing)])
      await ctx.race([ctx.step('c', nothing)])
      await ctx.any([ctx.step('d', nothing)])
      return [ctx.id, ctx.name, input, ctx.input, ctx.signal.aborted, Object.keys(ctx.steps).toSorted()]
    })
    const run = await stage.start(flow, { a: new Date(0) })
    const input = { a: new Date(0) }
    const keys = ['a', 'c', 'd', 'parallel/0/b']
    assert.deepEqual(await run.result(), [run.id, flow.name, input, input, false, keys])
  }),

  engineCase('D6: ctx.now, random and uuid are the same at every replay', async (stage) => {
    const seen = await stage.twice(async (ctx) => {
      const look = (): unknown[] => [ctx.now(), ctx.random(), ctx.uuid()]
      const values = look()
      await step('a', nothing)
      values.push(...look())
      await parallel([step('b', nothing), ctx.sleep(2), async () => void values.push(...look())])
      return [...values, ...look()]
    })
    const times = [0, 3, 6, 9].map((at) => seen[at] as number)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    for (const at of [1, 4, 7, 10]) assert.ok(Number(seen[at]) >= 0 && Number(seen[at]) < 1)
    const uuids = [2, 5, 8, 11].map((at) => String(seen[at]))
    for (const uuid of uuids)
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(new Set([...uuids, ...[1, 4, 7, 10].map((at) => seen[at])]).size, 8)
  }),

  engineCase('D6: chance differs from run to run', async (stage) => {
    const flow = stage.flow((ctx) => [ctx.random(), ctx.uuid()])
    const runs = [await stage.run(flow), await stage.run(flow), await stage.run(flow)]
    assert.equal(new Set(runs.flat()).size, 6)
  }),

  engineCase(
    'ctx.steps: status, times and attempts of each step, the same at every replay',
    async (stage) => {
      const seen = await stage.twice(async (ctx) => {
        const before = Object.keys(ctx.steps)
        await step('charge', nothing)
        await step('flaky', ({ attempt }) => (attempt < 2 ? fails('again')() : null), {
          retry: { initialDelay: 1 },
        })
        await step('bad', fails('no')).catch(nothing)
        await race([step('loses', held), step('wins', nothing)])
        await parallel({ in: async () => await step('a branch', nothing) })
        return {
          before,
          after: Object.fromEntries(Object.entries(ctx.steps).map(([key, info]) => [key, { ...info }])),
        }
      })
      assert.deepEqual(seen.before, [])
      const told = Object.entries(seen.after).map(
        ([key, { status, attempts }]) => `${key} ${status} ${attempts}`,
      )
      assert.deepEqual(told.toSorted(), [
        'bad failed 1',
        'charge completed 1',
        'flaky completed 2',
        'loses cancelled 0',
        'parallel/in/a branch completed 1',
        'wins completed 1',
      ])
      const { startedAt = NaN, completedAt = NaN, duration } = seen.after['charge'] ?? {}
      assert.ok(startedAt <= completedAt && duration === completedAt - startedAt)
    },
  ),

  engineCase('ctx.steps: one that runs is there, and cannot be written to', async (stage) => {
    const output = await stage.play(async (ctx) => {
      const done = gate()
      const running = parallel([step('runs', () => done.promise)]).then(nothing)
      await step('meanwhile', nothing)
      const seen = [ctx.steps['runs']?.status, ctx.steps['meanwhile']?.status, ctx.steps['toString']]
      assert.throws(() => Object.assign(ctx.steps, { mine: 1 }), TypeError)
      done.open()
      await running
      return [...seen, ctx.steps['runs']?.status]
    })
    assert.deepEqual(output, ['running', 'completed', undefined, 'completed'])
  }),

  engineCase('ctx.sleep: of nothing, of several at once, and given up', async (stage) => {
    const output = await stage.twice(async (ctx) => {
      await ctx.sleep(0)
      await parallel([ctx.sleep(3), ctx.sleep('3ms'), ctx.sleep(1)])
      await any([step('bad', fails('no')), ctx.sleep(1)])
      return await race({ long: ctx.sleep('1w'), short: ctx.sleep(2) })
    })
    assert.deepEqual(output, { winner: 'short', value: undefined })
  }),

  engineCase('ctx.sleep: goes on while nobody executes the run', async (stage) => {
    const sleeping = gate()
    const calls: string[] = []
    const flow = stage.flow(async (ctx) => {
      await step('before', () => calls.push('before'))
      const begin = ctx.now()
      sleeping.open()
      await ctx.sleep(150)
      await step('after', () => calls.push('after'))
      return ctx.now() > begin
    })
    const { id } = await stage.start(flow)
    await sleeping.promise
    await stage.restart()
    assert.equal(await stage.get(flow, id).result(), true)
    assert.deepEqual(calls, ['before', 'after'])
  }),

  engineCase('ctx.log: says which run it is, and is not repeated by a replay', async (stage) => {
    const flow = stage.flow(async (ctx) => {
      ctx.log.info('begin', { some: 'field' })
      await step('a', ({ log }) => log.warn('inside of a'))
      ctx.log.error('between')
      await step('b', nothing)
      await step('cut off', stage.cut)
      ctx.log.debug('end')
    })
    const run = await stage.crash(flow)
    await run.result()
    const ofRun = stage.lines.filter(({ fields }) => fields?.['run'] === run.id)
    const told = ofRun.filter(({ message }) => ['begin', 'inside of a', 'between', 'end'].includes(message))
    assert.deepEqual(
      told.map(({ level, message, fields }) => [level, message, fields?.['some']]),
      [
        ['info', 'begin', 'field'],
        ['warn', 'inside of a', undefined],
        ['error', 'between', undefined],
        ['debug', 'end', undefined],
      ],
    )
  }),

  engineCase('ctx.signal is aborted when the run is cancelled, with the reason', async (stage) => {
    const running = gate()
    const flow = stage.flow(async (ctx) => {
      await step('deaf', () => (running.open(), never())).catch(nothing)
      return [ctx.signal.aborted, ctx.signal.reason as unknown]
    })
    const run = await stage.start(flow)
    await running.promise
    await run.cancel(new RangeError('enough'))
    const [aborted, reason] = await run.result()
    assert.equal(aborted, true)
    has(reason, { kind: 'run-cancelled', cause: { name: 'RangeError', message: 'enough' } })
  }),

  engineCase(
    'ctx.uncancellable: a cancelled run cleans up, also after a crash in the middle of that',
    async (stage) => {
      const running = gate()
      const calls: string[] = []
      const flow = stage.flow(async (ctx) => {
        try {
          await step('work', (context) => (running.open(), held(context)))
        } finally {
          await ctx.uncancellable(async () => {
            await step('release', () => calls.push('release'))
            await ctx.sleep(1)
            await step('cut off', stage.cut)
            await parallel([step('tell', () => calls.push('tell'))])
          })
        }
      })
      const run = await stage.crash(flow, async (first) => {
        await running.promise
        await first.cancel('enough')
      })
      await rejectsWith(run.result(), { code: 'CANCELLED', kind: 'run-cancelled', cause: 'enough' })
      assert.equal(await run.status(), 'cancelled')
      assert.deepEqual(calls, ['release', 'tell'])
    },
  ),
]
