/** The reference page's examples, in every order, with a crash after every completion. */
import { parallel, race, step, workflow } from 'ai-workflows'
import { explore, failing } from 'ai-workflows/testing'
import { describe, expect, test } from 'vitest'

const tasks = (...names: string[]): ReturnType<typeof step<string>>[] =>
  names.map((name) => step(name, () => Promise.resolve(`${name} done`)))

describe('D1 D2 D3 D4 R1: explored exhaustively', () => {
  test('Basic Parallel Execution', async () => {
    const orders = workflow({
      name: 'order-processing',
      execute: async (_ctx, order: { items: string[] }) => {
        const [inventory, payment, shipping] = await parallel([
          step('check-inventory', () => order.items),
          step('validate-payment', () => ({ valid: true })),
          step('calculate-shipping', () => 5),
        ])
        return await step('create-order', () => ({ inventory, payment, shipping }))
      },
    })
    const report = await explore(orders, { input: { items: ['tea'] } })
    expect(report).toMatchObject({ orders: 6, exhaustive: true, warnings: [] })
    // Before all, after each of the 3, the 6 and the 6 beginnings with one, two and three completions, and at the 6 ends.
    expect(report.crashes).toBe(1 + 3 + 6 + 6 + 6)
    expect(report.ends).toEqual([
      {
        status: 'completed',
        output: { inventory: ['tea'], payment: { valid: true }, shipping: 5 },
        error: undefined,
      },
    ])
  })

  test('Named Parallel Steps', async () => {
    const flow = workflow({
      name: 'named',
      execute: async () =>
        await parallel({
          user: step('fetch-user', () => 'ada'),
          orders: step('fetch-orders', () => [1]),
          preferences: step('fetch-preferences', () => ({ tea: true })),
        }),
    })
    const report = await explore(flow, { input: null })
    expect(report).toMatchObject({ orders: 6, exhaustive: true })
    expect(report.ends).toHaveLength(1)
  })

  test('Parallel with Limits', async () => {
    const flow = workflow({
      name: 'limits',
      execute: async () =>
        await parallel(
          [1, 2, 3, 4].map((id) => step(`process-${id}`, () => id * id)),
          { concurrency: 2 },
        ),
    })
    // The first of two, of two again, of two again; then what is left.
    expect(await explore(flow, { input: null })).toMatchObject({ orders: 8, exhaustive: true })
  })

  test('Fail Fast: one failure has the same end in every order, several do not', async () => {
    const flow = workflow({
      name: 'fail-fast',
      execute: async (_ctx, bad: string[]) => {
        try {
          await parallel(
            ['a', 'b', 'c'].map((name) =>
              step(name, () => {
                if (bad.includes(name)) throw new Error(`${name} is bad`)
              }),
            ),
          )
          return 'well'
        } catch (error) {
          return (error as Error).message
        }
      },
    })
    const one = await explore(flow, { input: ['b'] })
    // b first; after one of the others; after both.
    expect(one).toMatchObject({ orders: 5, exhaustive: true })
    expect(one.ends.map(({ output }) => output)).toEqual(['Step "b" failed after 1 attempt: b is bad'])
    const two = await explore(flow, { input: ['a', 'b'], orderMatters: true })
    expect(two.ends.map(({ output }) => output)).toEqual([
      'Step "a" failed after 1 attempt: a is bad',
      'Step "b" failed after 1 attempt: b is bad',
    ])
    await expect(explore(flow, { input: ['a', 'b'] })).rejects.toThrow('depends on the order')
  })

  test('Settle All, and any one of the steps may fail', async () => {
    const flow = workflow({
      name: 'settle',
      execute: async () =>
        (await parallel(tasks('a', 'b', 'c'), { settle: true })).map(({ status }) => status),
    })
    const report = await explore(flow, { input: null, failures: true })
    expect(report).toMatchObject({ orders: 24, exhaustive: true })
    expect(report.ends.map(({ output }) => output?.join())).toEqual([
      'fulfilled,fulfilled,fulfilled',
      'fulfilled,fulfilled,rejected',
      'fulfilled,rejected,fulfilled',
      'rejected,fulfilled,fulfilled',
    ])
  })

  test('Race Execution: the winner is the first, and stays it', async () => {
    const flow = workflow({
      name: 'race',
      execute: async () => await race(tasks('primary', 'secondary', 'cache')),
    })
    const report = await explore(flow, { input: null, orderMatters: true })
    expect(report).toMatchObject({ orders: 3, exhaustive: true })
    expect(report.ends.map(({ output }) => output)).toEqual(['primary done', 'secondary done', 'cache done'])
  })

  const processUser = workflow({
    name: 'process-user',
    execute: async (_ctx, { userId }: { userId: number }) => {
      const user = await step('load', () => `user ${userId}`)
      return await step('greet', () => `hello, ${user}`)
    },
  })

  const processUsers = workflow({
    name: 'process-users',
    execute: async (ctx, ids: number[]) => {
      const results = await parallel(
        ids.map((userId) => ctx.invoke(processUser, { userId })),
        { concurrency: 10 },
      )
      return { processed: results.length, last: results.at(-1) }
    },
  })

  test('Parallel Workflows: children are explored with their parent', async () => {
    const report = await explore(processUsers, { input: [1, 2] })
    // Of two times two steps, and of what each child comes to.
    expect(report).toMatchObject({ orders: 6, exhaustive: true, warnings: [] })
    expect(report.ends[0]?.output).toEqual({ processed: 2, last: 'hello, user 2' })
  })

  test('Parallel Workflows: or something stands in for them', async () => {
    const children = { 'process-user': ({ userId }: { userId: number }) => `stand-in ${userId}` }
    const report = await explore(processUsers, { input: [1, 2, 3], children })
    expect(report).toMatchObject({ orders: 6, exhaustive: true })
    expect(report.ends[0]?.output).toEqual({ processed: 3, last: 'stand-in 3' })
  })

  test('Fan-Out / Fan-In Pattern: too many orders to try all', async () => {
    const flow = workflow({
      name: 'map-reduce',
      execute: async (_ctx, data: number[]) => {
        const processed = await parallel(
          data.map((value, i) => step(`process-chunk-${i}`, () => value * 2)),
          { concurrency: 5 },
        )
        return await step('combine', () => processed.reduce((sum, value) => sum + value, 0))
      },
    })
    const report = await explore(flow, { input: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], orders: 15 })
    expect(report).toMatchObject({ orders: 16, exhaustive: false, ends: [{ output: 110 }] })
    expect(report.crashes).toBeGreaterThan(100)
  })

  test('Conditional Parallel', async () => {
    const flow = workflow({
      name: 'conditional',
      execute: async (_ctx, order: { requiresApproval: boolean; isInternational: boolean }) => {
        const tasks = []
        if (order.requiresApproval) tasks.push(step('approval', () => 'approved'))
        if (order.isInternational) tasks.push(step('customs', () => 'forms'))
        tasks.push(step('inventory', () => 'reserved'))
        return await parallel(tasks)
      },
    })
    for (const [requiresApproval, isInternational, orders] of [
      [false, false, 1],
      [true, false, 2],
      [true, true, 6],
    ] as const)
      expect(await explore(flow, { input: { requiresApproval, isInternational } })).toMatchObject({ orders })
  })

  test('Timeout for Parallel: what is done when the time is up', async () => {
    const flow = workflow({
      name: 'timeout',
      execute: async () => await parallel(tasks('slow', 'fast'), { timeout: '30s', timeoutValue: 'partial' }),
    })
    expect(await explore(flow, { input: null })).toMatchObject({ orders: 2, exhaustive: true })
    const late = await explore(flow, { input: null, timeouts: true })
    expect(late.ends.map(({ output }) => output)).toEqual([
      ['slow done', 'fast done'],
      ['slow done', undefined],
      [undefined, 'fast done'],
      [undefined, undefined],
    ])
    const hanging = await explore(flow, { input: null, hangs: ['slow'] })
    expect(hanging.ends.map(({ output }) => output)).toContainEqual([undefined, 'fast done'])
  })

  test('Nested Parallel', async () => {
    const flow = workflow({
      name: 'nested',
      execute: async () => await parallel([parallel(tasks('a1', 'a2')), parallel(tasks('b1', 'b2', 'b3'))]),
    })
    const report = await explore(flow, { input: null })
    expect(report).toMatchObject({ orders: 120, exhaustive: true })
    expect(report.ends).toHaveLength(1)
  })

  test('retries, sleeps, events, cancellation and a clean-up: every accident at every moment', async () => {
    const flow = workflow({
      name: 'all',
      execute: async (ctx) => {
        try {
          return await parallel({
            flaky: step('flaky', () => 'own', {
              retry: { maxAttempts: 3, initialDelay: '1m' },
              timeout: '10s',
            }),
            paid: ctx.waitForEvent<number>('paid', { timeout: '1d', timeoutValue: 0 }),
            slept: async () => {
              await ctx.sleep('1h')
              return await step('after', () => ctx.now() > 0)
            },
          })
        } finally {
          if (!ctx.signal.aborted) await step('close', () => 'closed')
        }
      },
    })
    const report = await explore(flow, {
      input: null,
      steps: { flaky: failing(1, () => 'in the end') },
      events: [{ name: 'paid', payload: 7 }],
      failures: ['after'],
      hangs: ['flaky'],
      timeouts: true,
      cancel: true,
      orders: 'all',
    })
    expect(report.exhaustive).toBe(true)
    expect(report.orders).toBeGreaterThan(50)
    expect(new Set(report.ends.map(({ status }) => status))).toEqual(
      new Set(['completed', 'failed', 'cancelled']),
    )
  })
})
