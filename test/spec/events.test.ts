/** `ctx.waitForEvent` and sending events to a run. */
import { parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { gate, gates, quiet } from './support/gate.ts'
import { PLACES, sandbox } from './support/sandbox.ts'

describe.each(PLACES)('ctx.waitForEvent on %s', (place) => {
  const approval = workflow({
    name: 'approval',
    execute: async (ctx) => {
      const event: unknown = await ctx.waitForEvent('approved')
      return event
    },
  })

  test('resolves to the payload of an event that is sent later', async () => {
    const box = await sandbox(place)
    const run = await approval.start(undefined, { engine: box.engine })
    await quiet()
    await run.signal('other', 'ignored')
    await run.signal('approved', { by: 'me', at: new Date(0), tags: new Set(['a']) })
    expect(await run.result()).toEqual({ by: 'me', at: new Date(0), tags: new Set(['a']) })
  })

  test('or sent before the wait, and kept until then; each is received once, in the order in which they were sent', async () => {
    const box = await sandbox(place)
    const door = gate()
    const flow = workflow({
      name: 'late',
      execute: async (ctx) => {
        await step('busy', () => door.pass())
        const first: unknown = await ctx.waitForEvent('item')
        return [first, ...(await parallel([ctx.waitForEvent('item'), ctx.waitForEvent('item')]))] as unknown
      },
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await door.reached
    for (const item of [1, 2, 3]) await run.signal('item', item)
    door.open()
    expect(await run.result()).toEqual([1, 2, 3])
  })

  test('an event without a payload', async () => {
    const box = await sandbox(place)
    const run = await approval.start(undefined, { engine: box.engine })
    await run.signal('approved')
    expect(await run.result()).toBeUndefined()
  })

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

  test('a filter that throws fails the wait with its error', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'broken',
      execute: async (ctx) => {
        const wait = ctx.waitForEvent('a', {
          filter: () => {
            throw new RangeError('broken filter')
          },
        })
        const error: unknown = await wait.catch((reason: unknown) => reason)
        return [error, await ctx.waitForEvent('a')] as unknown
      },
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await run.signal('a', 'kept')
    expect(await run.result()).toEqual([new RangeError('broken filter'), 'kept'])
  })

  test('several names: the first to come, with its name', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'several',
      execute: async (ctx) => await ctx.waitForEvent(['approved', 'rejected']),
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await run.signal('rejected', { why: 'no' })
    await run.signal('approved')
    expect(await run.result()).toEqual({ name: 'rejected', payload: { why: 'no' } })
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

  test('a wait that is given up leaves the event to the next', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'given-up',
      execute: async (ctx) => {
        await race([ctx.waitForEvent('a'), step('quick', () => 1)])
        return (await ctx.waitForEvent('a')) as unknown
      },
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await quiet()
    await run.signal('a', 'for the second')
    expect(await run.result()).toBe('for the second')
  })

  test('payloads that cannot be stored, and runs that are not there', async () => {
    const box = await sandbox(place)
    const run = await approval.start(undefined, { engine: box.engine })
    await expect(run.signal('approved', { user: { save: () => 1 } })).rejects.toMatchObject({
      code: 'SERIALIZATION',
      path: 'payload.user.save',
    })
    await expect(approval.get('other', { engine: box.engine }).signal('approved')).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    })
    await run.signal('approved', 'still waiting')
    expect(await run.result()).toBe('still waiting')
  })
})

test('doors of several runs do not mix: events belong to one run', async () => {
  const box = await sandbox()
  const flow = workflow({ name: 'flow', execute: async (ctx) => (await ctx.waitForEvent('a')) as unknown })
  const runs = await Promise.all(
    ['x', 'y', 'z'].map((id) => flow.start(undefined, { engine: box.engine, id })),
  )
  const door = gates()
  door('unused').open()
  for (const run of runs.toReversed()) await run.signal('a', run.id)
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(['x', 'y', 'z'])
})
