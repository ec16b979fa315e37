import { type Operation, step, type Untyped, type Workflow, workflow } from 'ai-workflows'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

describe('an input without a type', () => {
  test('execute compiles as on the page, and callers may pass anything', () => {
    const orders = workflow({
      execute: async (ctx, order) => {
        expectTypeOf(order).toEqualTypeOf<Untyped>()
        expectTypeOf(order.items).toBeAny()
        expectTypeOf(ctx.input).toEqualTypeOf<Untyped>()
        return await step('count', () => 1)
      },
    })
    expectTypeOf(orders).toEqualTypeOf<Workflow<any, number>>() // oxlint-disable-line no-explicit-any -- that is the claim
    expectTypeOf(orders.run).parameter(0).toBeAny()
    expectTypeOf(orders.run({ items: [] })).resolves.toEqualTypeOf<number>()
  })

  test('it can be mapped over, and the callback is typed', () => {
    workflow({ execute: (_ctx, ids) => void expectTypeOf(ids.map((id) => [id])).items.items.toBeAny() })
  })

  test('an execute that takes no input at all', () => {
    const none = workflow({ execute: async () => 'done' as const })
    expectTypeOf(none.run(undefined)).resolves.toEqualTypeOf<'done'>()
  })
})

describe('an annotated input', () => {
  interface Order {
    readonly items: readonly string[]
  }
  const orders = workflow({
    name: 'orders',
    execute: async (ctx, order: Order) => {
      expectTypeOf(ctx.input).toEqualTypeOf<Order>()
      return new Map([[order.items[0] ?? '', 1]])
    },
  })

  test('is what callers pass', () => {
    expectTypeOf(orders).toEqualTypeOf<Workflow<Order, Map<string, number>>>()
    expectTypeOf(orders.run).parameter(0).toEqualTypeOf<Order>()
    expectTypeOf(orders.start).parameter(0).toEqualTypeOf<Order>()
    // @ts-expect-error -- an order has items
    orders.run({}).catch(() => undefined)
  })

  test('the output is inferred, for run, start and get', () => {
    expectTypeOf(orders.run).returns.resolves.toEqualTypeOf<Map<string, number>>()
    expectTypeOf(orders.start)
      .returns.resolves.toHaveProperty('result')
      .returns.resolves.toEqualTypeOf<Map<string, number>>()
    expectTypeOf(orders.get('id').result()).resolves.toEqualTypeOf<Map<string, number>>()
  })

  test("ctx.invoke takes the child's input and gives its output", () => {
    workflow({
      execute: async (ctx) => {
        const child = ctx.invoke(orders, { items: ['a'] })
        expectTypeOf(child).toEqualTypeOf<Operation<Map<string, number>>>()
        expectTypeOf(await child).toEqualTypeOf<Map<string, number>>()
        // @ts-expect-error -- the items of an order are strings
        ctx.invoke(orders, { items: [1] })
        // @ts-expect-error -- a function is not a workflow
        ctx.invoke(() => 1, {})
        // @ts-expect-error -- the option is called id
        ctx.invoke(orders, { items: [] }, { key: 'a' })
      },
    })
  })
})

describe('M13: input types are inferred from any Standard Schema', () => {
  test('zod', () => {
    const checked = workflow({
      input: z.object({ id: z.string(), count: z.number().optional() }),
      execute: (_ctx, input) => {
        expectTypeOf(input).toEqualTypeOf<{ id: string; count?: number | undefined }>()
        return input.id
      },
    })
    expectTypeOf(checked).toEqualTypeOf<Workflow<{ id: string; count?: number | undefined }, string>>()
  })

  test('zod that converts: callers pass what goes in, execute gets what comes out', () => {
    const checked = workflow({
      input: z.object({ amount: z.string().transform(Number), tags: z.array(z.string()).default([]) }),
      execute: async (ctx, input) => {
        expectTypeOf(input).toEqualTypeOf<{ amount: number; tags: string[] }>()
        expectTypeOf(ctx.input).toEqualTypeOf<{ amount: number; tags: string[] }>()
        return input.amount
      },
    })
    expectTypeOf(checked.run).parameter(0).toEqualTypeOf<{ amount: string; tags?: string[] | undefined }>()
    checked.run({ amount: '3' }).catch(() => undefined)
    // @ts-expect-error -- callers pass text
    checked.run({ amount: 3 }).catch(() => undefined)
    workflow({
      execute: (ctx) => {
        expectTypeOf(ctx.invoke(checked, { amount: '3' })).resolves.toEqualTypeOf<number>()
        // @ts-expect-error -- so does a parent
        ctx.invoke(checked, { amount: 3 })
      },
    })
  })

  test('valibot, which converts', () => {
    const checked = workflow({
      input: v.object({
        at: v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
      }),
      execute: (_ctx, input) => {
        expectTypeOf(input).toEqualTypeOf<{ at: Date }>()
        return input.at
      },
    })
    expectTypeOf(checked).toEqualTypeOf<Workflow<{ at: string }, Date>>()
  })

  test('arktype, which converts', () => {
    const checked = workflow({
      input: type({ amount: 'string.numeric.parse', 'note?': 'string' }),
      execute: (_ctx, input) => {
        expectTypeOf(input).toEqualTypeOf<{ amount: number; note?: string }>()
        return [input.amount]
      },
    })
    expectTypeOf(checked.run).parameter(0).toEqualTypeOf<{ amount: string; note?: string }>()
    expectTypeOf(checked.run).returns.resolves.toEqualTypeOf<number[]>()
  })

  test('an annotation that disagrees with the schema does not compile', () => {
    workflow({
      input: z.object({ id: z.string() }),
      // @ts-expect-error -- the id is a string
      execute: (_ctx, input: { id: number }) => input.id,
    })
    const same = workflow({
      input: z.object({ id: z.string() }),
      execute: (_ctx, input: { id: string }) => input.id,
    })
    expectTypeOf(same).toEqualTypeOf<Workflow<{ id: string }, string>>()
  })

  test('an output schema is held against what execute returns', () => {
    const checked = workflow({
      input: z.string(),
      output: z.object({ total: z.number() }),
      execute: async (_ctx, text) => ({ total: text.length }),
    })
    expectTypeOf(checked).toEqualTypeOf<Workflow<string, { total: number }>>()
    workflow({
      output: v.object({ total: v.number() }),
      // @ts-expect-error -- the total is a number
      execute: async () => ({ total: 'three' }),
    })
    workflow({
      output: type({ total: 'number' }),
      // @ts-expect-error -- the total is a number
      execute: () => ({ total: null }),
    })
  })
})

describe('what is not a definition does not compile', () => {
  test('options', () => {
    // @ts-expect-error -- execute is missing
    workflow({ name: 'a' })
    // @ts-expect-error -- the option is called execute
    workflow({ name: 'a', run: () => 1 })
    // @ts-expect-error -- a name is text
    workflow({ name: 1, execute: () => 1 })
    // @ts-expect-error -- a schema is not a function of mine
    workflow({ input: (value: unknown) => value, execute: () => 1 })
    expectTypeOf(workflow).parameter(0).toHaveProperty('execute')
  })
})
