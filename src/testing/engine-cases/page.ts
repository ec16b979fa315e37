/** The examples of the reference page, inside of runs, and once more after a crash. */
import assert from 'node:assert/strict'
import type { StepError } from '../../core/errors.ts'
import { parallel } from '../../core/parallel.ts'
import { race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { fails, has, held } from './fixtures.ts'
import { Meter } from './gate.ts'

export const pageCases: readonly EngineCase[] = [
  engineCase('page: Basic Parallel Execution', async (stage) => {
    const created: unknown[] = []
    const orders = stage.flow(async (_ctx, order: { items: string[]; payment: string; address: string }) => {
      const [inventory, payment, shipping] = await parallel([
        step('check-inventory', () => order.items.length),
        step('validate-payment', () => `${order.payment} is fine`),
        step('calculate-shipping', async () => ({ to: order.address, cost: 7n })),
      ])
      await step('create-order', () => created.push({ inventory, payment, shipping }))
    })
    const order = { items: ['tea', 'cup'], payment: 'card', address: 'here' }
    const run = await stage.start(orders, order)
    await run.result()
    await stage.restart()
    await (await stage.start(orders, order, run.id)).result()
    assert.deepEqual(created, [{ inventory: 2, payment: 'card is fine', shipping: { to: 'here', cost: 7n } }])
  }),

  engineCase('page: Named Parallel Steps', async (stage) => {
    const results = await stage.twice(
      async () =>
        await parallel({
          user: step('fetch-user', () => ({ id: 'u1', born: new Date(0) })),
          orders: step('fetch-orders', () => ['u1-1', 'u1-2']),
          preferences: step('fetch-preferences', () => new Map([['user', 'u1']])),
        }),
    )
    assert.deepEqual(results.user, { id: 'u1', born: new Date(0) })
    assert.deepEqual(results.orders, ['u1-1', 'u1-2'])
    assert.deepEqual(results.preferences, new Map([['user', 'u1']]))
  }),

  engineCase('page: Parallel with Limits', async (stage) => {
    const meter = new Meter()
    const items = Array.from({ length: 10 }, (_, id) => ({ id }))
    const results = await stage.twice(
      async () =>
        await parallel(
          items.map((item) =>
            step(`process-${item.id}`, () => meter.during(`${item.id}`, async () => item.id * 10)),
          ),
          { concurrency: 3 },
        ),
    )
    assert.deepEqual(
      results,
      items.map(({ id }) => id * 10),
    )
    assert.ok(meter.most <= 3)
    assert.deepEqual(
      meter.started,
      items.map(({ id }) => `${id}`),
    )
  }),

  engineCase('page: Fail Fast (Default)', async (stage) => {
    const told = await stage.twice(async () => {
      const said: unknown[] = []
      try {
        await parallel([step('a', held), step('b', fails('b is broken')), step('c', held)])
      } catch (error) {
        said.push('Parallel execution failed:', error)
      }
      return said
    })
    assert.equal(told[0], 'Parallel execution failed:')
    has(told[1], { name: 'StepError', stepName: 'b', cause: { message: 'b is broken' } })
  }),

  engineCase('page: Settle All', async (stage) => {
    const told = await stage.twice(async () => {
      const results = await parallel(
        [step('a', () => 'A'), step('b', fails('no')), step('c', () => new Date(0))],
        {
          settle: true,
        },
      )
      const said: unknown[] = []
      results.forEach((result, index) => {
        if (result.status === 'fulfilled') said.push(`Step ${index} succeeded:`, result.value)
        else said.push(`Step ${index} failed:`, (result.reason as StepError).stepName)
      })
      return said
    })
    assert.deepEqual(told, [
      'Step 0 succeeded:',
      'A',
      'Step 1 failed:',
      'b',
      'Step 2 succeeded:',
      new Date(0),
    ])
  }),

  engineCase('page: Race Execution', async (stage) => {
    const fastest = await stage.twice(
      async () =>
        await race([step('primary', held), step('secondary', held), step('cache', () => 'from the cache')]),
    )
    assert.equal(fastest, 'from the cache')
  }),

  engineCase('page: Parallel Workflows', async (stage) => {
    const meter = new Meter()
    const processUser = stage.flow(
      async (_ctx, { userId }: { userId: string }) =>
        await step('process', () => meter.during(userId, async () => `${userId} is done`)),
    )
    const processUsers = stage.flow(async (ctx, userIds: string[]) => {
      const results = await parallel(
        userIds.map((id) => ctx.invoke(processUser, { userId: id })),
        { concurrency: 10 },
      )
      return { processed: results.length }
    })
    const users = Array.from({ length: 25 }, (_, index) => `user-${index}`)
    const run = await stage.start(processUsers, users)
    assert.deepEqual(await run.result(), { processed: 25 })
    assert.ok(meter.most <= 10)
    assert.deepEqual(meter.started.toSorted(), users.toSorted())
  }),

  engineCase('page: Fan-Out / Fan-In Pattern', async (stage) => {
    const data = Array.from({ length: 1000 }, (_, index) => index)
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
    const mapReduce = stage.flow(async (_ctx, given: number[]) => {
      const chunks = Array.from({ length: 10 }, (_, index) => given.filter((_one, at) => at % 10 === index))
      const processed = await parallel(
        chunks.map((chunk, i) => step(`process-chunk-${i}`, () => sum(chunk))),
        { concurrency: 5 },
      )
      const combined = await step('combine', () => sum(processed))
      return combined
    })
    assert.equal(await stage.run(mapReduce, data), 499_500)
  }),

  engineCase('page: Conditional Parallel', async (stage) => {
    const asked: string[] = []
    const conditional = stage.flow(
      async (_ctx, order: { requiresApproval: boolean; isInternational: boolean }) => {
        const tasks = []
        if (order.requiresApproval) tasks.push(step('approval', () => asked.push('approval')))
        if (order.isInternational) tasks.push(step('customs', () => asked.push('customs')))
        tasks.push(step('inventory', () => asked.push('inventory')))
        await parallel(tasks)
      },
    )
    for (const requiresApproval of [true, false])
      for (const isInternational of [true, false]) {
        asked.length = 0
        await stage.run(conditional, { requiresApproval, isInternational })
        const expected = [
          ...(requiresApproval ? ['approval'] : []),
          ...(isInternational ? ['customs'] : []),
          'inventory',
        ]
        assert.deepEqual(asked, expected)
      }
  }),

  engineCase('page: Timeout for Parallel', async (stage) => {
    const options = { timeout: '30s', timeoutValue: 'partial' } as const
    const short = { timeout: '30ms', timeoutValue: 'partial' } as const
    const [inTime, partial] = await stage.twice(async () => [
      await parallel([step('slow', async () => 'slow'), step('fast', () => 'fast')], options),
      await parallel([step('slower', held), step('slowest', held)], short),
    ])
    assert.deepEqual(inTime, ['slow', 'fast'])
    assert.deepEqual(partial, [undefined, undefined])
  }),

  engineCase('page: Nested Parallel', async (stage) => {
    const results = await stage.twice(
      async () =>
        await parallel([
          parallel([step('a1', () => 'A1'), step('a2', () => 'A2')]),
          parallel([step('b1', () => 'B1'), step('b2', () => 'B2'), step('b3', () => 'B3')]),
        ]),
    )
    assert.deepEqual(results, [
      ['A1', 'A2'],
      ['B1', 'B2', 'B3'],
    ])
  }),
]
