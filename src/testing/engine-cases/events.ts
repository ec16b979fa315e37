/** `ctx.waitForEvent` and `run.signal`. */
import assert from 'node:assert/strict'
import { race } from '../../core/race.ts'
import { parallel } from '../../core/parallel.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, has, rejectsWith } from './fixtures.ts'
import { gate } from './gate.ts'

export const eventCases: readonly EngineCase[] = [
  engineCase('waitForEvent: resolves to the payload of an event that is sent later', async (stage) => {
    const flow = stage.flow(async (ctx) => {
      const before = await step('before', () => 1)
      waiting.open()
      return [before, await ctx.waitForEvent('approved'), await ctx.waitForEvent('bare')] as unknown[]
    })
    const waiting = gate()
    const run = await stage.start(flow)
    await waiting.promise
    await run.signal('approved', { by: new Map([['name', 'ada']]) })
    await run.signal('bare')
    assert.deepEqual(await run.result(), [1, { by: new Map([['name', 'ada']]) }, undefined])
  }),

  engineCase(
    'waitForEvent: events are kept until they are waited for, and each is received once, in order',
    async (stage) => {
      const go = gate()
      const run = await stage.start(
        stage.flow(async (ctx) => {
          await step('wait', () => go.promise)
          const first = (await ctx.waitForEvent('a')) as unknown
          const [second, third] = await parallel([ctx.waitForEvent('a'), ctx.waitForEvent('a')])
          return [first, await ctx.waitForEvent('b'), second, third] as unknown[]
        }),
      )
      for (const payload of [1, 2, 3]) await run.signal('a', payload)
      await run.signal('b', 'of b')
      go.open()
      assert.deepEqual(await run.result(), [1, 'of b', 2, 3])
    },
  ),

  engineCase(
    'waitForEvent: a filter takes the first event that it agrees to; others are kept',
    async (stage) => {
      const run = await stage.start(
        stage.flow(async (ctx) => {
          const large = (await ctx.waitForEvent('amount', {
            filter: (amount: number) => amount > 10,
          })) as number
          const named = await ctx.waitForEvent(['x', 'amount'], { filter: (_, name) => name === 'amount' })
          return [large, named, await ctx.waitForEvent('amount')] as unknown[]
        }),
      )
      for (const amount of [1, 20, 2]) await run.signal('amount', amount)
      assert.deepEqual(await run.result(), [20, { name: 'amount', payload: 1 }, 2])
    },
  ),

  engineCase('waitForEvent: a filter that throws fails the wait with its error', async (stage) => {
    const filter = (): never => {
      throw new RangeError('broken filter')
    }
    const run = await stage.start(
      stage.flow(
        async (ctx) =>
          [await caught(ctx.waitForEvent('a', { filter })), await ctx.waitForEvent('a')] as unknown[],
      ),
    )
    await run.signal('a', 1)
    const [error, kept] = await run.result()
    has(error, { name: 'RangeError', message: 'broken filter' })
    assert.equal(kept, 1)
  }),

  engineCase('waitForEvent: of several names the first to come, with its name', async (stage) => {
    const run = await stage.start(
      stage.flow(async (ctx) => [
        await ctx.waitForEvent(['yes', 'no']),
        await ctx.waitForEvent(['yes', 'no']),
      ]),
    )
    await run.signal('no', 1)
    await run.signal('yes', 2)
    assert.deepEqual(await run.result(), [
      { name: 'no', payload: 1 },
      { name: 'yes', payload: 2 },
    ])
  }),

  engineCase(
    'waitForEvent: timeout throws a TimeoutError, or gives timeoutValue; an event in time is the result',
    async (stage) => {
      const flow = stage.flow(async (ctx) => {
        const inTime = (await ctx.waitForEvent('sent', { timeout: '1h' })) as unknown
        const late = await caught(ctx.waitForEvent('never', { timeout: 5 }))
        const value = (await ctx.waitForEvent('never', {
          timeout: '5ms',
          timeoutValue: undefined,
        })) as unknown
        await step('cut off', stage.cut)
        return [inTime, late, value]
      })
      const run = await stage.crash(flow, (first) => first.signal('sent', 'in time'))
      const [inTime, late, value] = await run.result()
      assert.deepEqual([inTime, value], ['in time', undefined])
      has(late, { name: 'TimeoutError', code: 'TIMEOUT', timeout: 5 })
    },
  ),

  engineCase('waitForEvent: a wait that is given up leaves the event to the next', async (stage) => {
    const givenUp = gate()
    const run = await stage.start(
      stage.flow(async (ctx) => {
        await race([ctx.waitForEvent('a'), ctx.sleep(1)])
        givenUp.open()
        return (await ctx.waitForEvent('a')) as unknown
      }),
    )
    await givenUp.promise
    await run.signal('a', 'for the second')
    assert.equal(await run.result(), 'for the second')
  }),

  engineCase('waitForEvent: an event wins a race, and loses one', async (stage) => {
    const run = await stage.start(
      stage.flow(async (ctx) => [
        await race({ event: ctx.waitForEvent('a'), time: ctx.sleep('1w') }),
        await race({ event: ctx.waitForEvent('b'), time: ctx.sleep(2) }),
      ]),
    )
    await run.signal('a', 'here')
    assert.deepEqual(await run.result(), [
      { winner: 'event', value: 'here' },
      { winner: 'time', value: undefined },
    ])
  }),

  engineCase(
    'a run that waits for an event is interrupted: it waits on, and has lost nothing that was sent',
    async (stage) => {
      const waiting = gate()
      let calls = 0
      const flow = stage.flow(async (ctx) => {
        await step('before', () => ++calls)
        waiting.open()
        return [await ctx.waitForEvent('a'), await ctx.waitForEvent('b')] as unknown[]
      })
      const { id } = await stage.start(flow)
      await waiting.promise
      await stage.get(flow, id).signal('b', 'sent before the crash')
      await stage.restart()
      await stage.get(flow, id).signal('a', 'sent after it')
      assert.deepEqual(await stage.get(flow, id).result(), ['sent after it', 'sent before the crash'])
      assert.equal(calls, 1)
    },
  ),

  engineCase('what was received is the same at every replay', async (stage) => {
    let asked = 0
    const flow = stage.flow(async (ctx) => {
      const received = (await ctx.waitForEvent('a', { filter: () => ++asked > 0 })) as unknown
      await step('cut off', stage.cut)
      return received
    })
    const run = await stage.crash(flow, (first) => first.signal('a', { at: new Date(3) }))
    assert.deepEqual(await run.result(), { at: new Date(3) })
    assert.equal(asked, 1)
  }),

  engineCase('signal: events belong to one run', async (stage) => {
    const flow = stage.flow(async (ctx) => (await ctx.waitForEvent('a')) as unknown)
    const runs = [await stage.start(flow), await stage.start(flow), await stage.start(flow)]
    for (const run of runs.toReversed()) await run.signal('a', run.id)
    assert.deepEqual(
      await Promise.all(runs.map((run) => run.result())),
      runs.map(({ id }) => id),
    )
  }),

  engineCase('E3: signal: a payload that cannot be stored is refused, and changes nothing', async (stage) => {
    const run = await stage.start(stage.flow(async (ctx) => (await ctx.waitForEvent('a')) as unknown))
    await rejectsWith(run.signal('a', { user: { save: () => 1 } }), {
      code: 'SERIALIZATION',
      path: 'payload.user.save',
    })
    await run.signal('a', 'fine')
    assert.equal(await run.result(), 'fine')
  }),
]
