/** `ctx.waitForEvent` and sending events to a run. */
import { parallel, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { quiet } from './support/gate.ts'
import { PLACES, sandbox } from './support/sandbox.ts'

describe.each(PLACES)('ctx.waitForEvent on %s', (place) => {
  test('filter: only an event that it agrees to; others are kept for other waits', async () => {
    const box = await sandbox(place)
    const asked: unknown[] = []
    const flow = workflow({
      name: 'filtered',
      execute: async (ctx) => {
        const big: unknown = await ctx.waitForEvent('payment', {
          filter: (payment: { amount: number }, name) => (
            asked.push([payment.amount, name]),
            payment.amount > 10
          ),
        })
        return [big, await ctx.waitForEvent('payment')] as unknown
      },
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await run.signal('payment', { amount: 5 })
    await run.signal('payment', { amount: 50 })
    expect(await run.result()).toEqual([{ amount: 50 }, { amount: 5 }])
    expect(asked).toEqual([
      [5, 'payment'],
      [50, 'payment'],
    ])
  })

  test('timeout: a TimeoutError, or timeoutValue; in time: the event', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const flow = workflow({
      name: 'impatient',
      execute: async (ctx) =>
        await parallel(
          [
            ctx.waitForEvent('never', { timeout: '10m' }),
            ctx.waitForEvent('never', { timeout: '10m', timeoutValue: null }),
            ctx.waitForEvent('never', { timeout: '10m', timeoutValue: undefined }),
            ctx.waitForEvent('comes', { timeout: '10m' }),
          ],
          { settle: true },
        ),
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await clock.armed(600_000)
    await run.signal('comes', 1)
    await quiet()
    await clock.advance(600_000)
    expect(await run.result()).toEqual([
      {
        status: 'rejected',
        reason: expect.objectContaining({ code: 'TIMEOUT', timeout: 600_000 }) as unknown,
      },
      { status: 'fulfilled', value: null },
      { status: 'fulfilled', value: undefined },
      { status: 'fulfilled', value: 1 },
    ])
  })

  test('events and deadlines survive a crash', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const flow = workflow({
      name: 'durable',
      execute: async (ctx) => {
        const first: unknown = await ctx.waitForEvent('a')
        const second: unknown = await ctx.waitForEvent('b', { timeout: '1h', timeoutValue: 'late' })
        return [first, second, await ctx.waitForEvent('c')] as unknown
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    await run.signal('a', 1)
    await clock.armed(3_600_000)
    await clock.advance(1_800_000)
    await run.signal('c', 3)
    await box.restart()
    // Sent while nobody executes the run.
    await flow.get('x', { engine: box.engine }).signal('c', 4)
    await clock.advance(1_800_000)
    const again = await flow.start(undefined, { engine: box.engine, id: 'x' })
    await clock.armed(0)
    await clock.advance(1)
    expect(await again.result()).toEqual([1, 'late', 3])
  })
})
