/** The reference page, from its top to "Parallel with Limits": the code between the declarations is the page's own. */
import { workflow, step, parallel } from 'ai-workflows'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { gates, Meter, quiet } from '../spec/support/gate.ts'
import { sandbox, started } from '../spec/support/sandbox.ts'
import { inWorkflow } from './support.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

interface Order {
  readonly items: readonly string[]
  readonly payment: string
  readonly address: string
}

describe('Basic Parallel Execution', () => {
  const meter = new Meter()
  const arrived = gates()
  const created: unknown[] = []

  /** Each of the three waits for the others: they can only end if they run at the same time. */
  async function together<T>(name: string, value: T): Promise<T> {
    return await meter.during(name, async () => {
      arrived(name).open()
      await Promise.all(['inventory', 'payment', 'shipping'].map((other) => arrived(other).promise))
      return value
    })
  }
  const checkInventory = (items: readonly string[]): Promise<string> =>
    together('inventory', `${items.length} in stock`)
  const validatePayment = (payment: string): Promise<string> => together('payment', `${payment} is good`)
  const calculateShipping = (address: string): Promise<number> => together('shipping', address.length)
  const createOrder = (order: { inventory: string; payment: string; shipping: number }): void => {
    created.push(order)
  }

  // prettier-ignore
  const orderWorkflow = workflow({
    name: 'order-processing',
    execute: async (ctx, order) => {
      // Run independent steps in parallel
      const [inventory, payment, shipping] = await parallel([
        step('check-inventory', () => checkInventory(order.items)),
        step('validate-payment', () => validatePayment(order.payment)),
        step('calculate-shipping', () => calculateShipping(order.address)),
      ])
      // Continue with results
      await step('create-order', () =>
        createOrder({ inventory, payment, shipping })
      )
    },
  })

  test('the three steps run at the same time, and their results go on in their places', async () => {
    const box = await sandbox('sqlite')
    const order: Order = { items: ['a', 'b'], payment: 'card', address: 'Street 1' }
    await orderWorkflow.run(order, { engine: box.engine, id: 'one' })
    expect(meter.most).toBe(3)
    expect(created).toEqual([{ inventory: '2 in stock', payment: 'card is good', shipping: 8 }])
    expect(started(box.events)).toEqual([
      'check-inventory',
      'validate-payment',
      'calculate-shipping',
      'create-order',
    ])
  })

  test('the same id again, in a new process, repeats nothing', async () => {
    const box = await sandbox('sqlite')
    const order: Order = { items: ['a'], payment: 'card', address: 'x' }
    const before = created.length
    await orderWorkflow.run(order, { engine: box.engine, id: 'two' })
    await box.restart()
    await orderWorkflow.run(order, { engine: box.engine, id: 'two' })
    expect(created).toHaveLength(before + 1)
    expect(started(box.events)).toHaveLength(4)
  })
})

describe('Named Parallel Steps', () => {
  const userId = 'u1'
  const getUser = (id: string): { id: string; born: Date } => ({ id, born: new Date(0) })
  const getOrders = (id: string): Promise<string[]> => Promise.resolve([`${id}-1`, `${id}-2`])
  const getPreferences = (id: string): Map<string, string> => new Map([['user', id]])

  async function example(): Promise<unknown> {
    // prettier-ignore
    const results = await parallel({
      user: step('fetch-user', () => getUser(userId)),
      orders: step('fetch-orders', () => getOrders(userId)),
      preferences: step('fetch-preferences', () => getPreferences(userId)),
    })
    // Access by name
    console.log(results.user)
    console.log(results.orders)
    console.log(results.preferences)
    return results
  }

  const expected = {
    user: { id: 'u1', born: new Date(0) },
    orders: ['u1-1', 'u1-2'],
    preferences: new Map([['user', 'u1']]),
  }

  test('at top level: a record gives a record', async () => {
    const print = vi.spyOn(console, 'log').mockReturnValue()
    expect(await example()).toEqual(expected)
    expect(print.mock.calls).toEqual(Object.values(expected).map((value) => [value]))
  })

  test('inside a workflow: the same, and a second time from the record', async () => {
    vi.spyOn(console, 'log').mockReturnValue()
    const { result, steps, again, repeated } = await inWorkflow(example)
    expect(result).toEqual(expected)
    expect(steps).toEqual(['fetch-user', 'fetch-orders', 'fetch-preferences'])
    expect(again).toEqual([expected, expected])
    expect(repeated).toEqual([])
  })
})

describe('Parallel with Limits', () => {
  const items = Array.from({ length: 10 }, (_, id) => ({ id }))
  let meter = new Meter()
  let gate = gates()

  async function processItem(item: { id: number }): Promise<number> {
    return await meter.during(String(item.id), async () => {
      await gate(String(item.id)).pass()
      return item.id * 10
    })
  }

  async function example(): Promise<unknown> {
    // prettier-ignore
    // Maximum 3 concurrent operations
    const results = await parallel(
      items.map((item) => step(`process-${item.id}`, () => processItem(item))),
      { concurrency: 3 }
    )
    return results
  }

  /** Opens one gate after another; at each the limit must be used, and kept. */
  async function openOneByOne(): Promise<void> {
    for (const { id } of items) {
      await Promise.all(items.slice(id, id + 3).map((next) => gate(String(next.id)).reached))
      await quiet()
      expect(meter.running).toBe(Math.min(3, items.length - id))
      gate(String(id)).open()
    }
  }

  test('at top level: never more than 3, always 3 while there are 3, started in order', async () => {
    meter = new Meter()
    gate = gates()
    const [results] = await Promise.all([example(), openOneByOne()])
    expect(results).toEqual(items.map(({ id }) => id * 10))
    expect(meter.most).toBe(3)
    expect(meter.started).toEqual(items.map(({ id }) => String(id)))
  })

  test('inside a workflow: the same, and a second time from the record', async () => {
    meter = new Meter()
    gate = gates()
    const [{ result, again, repeated }] = await Promise.all([inWorkflow(example), openOneByOne()])
    expect(result).toEqual(items.map(({ id }) => id * 10))
    expect(meter.most).toBe(3)
    expect(meter.started).toEqual(items.map(({ id }) => String(id)))
    expect(again).toEqual([result, result])
    expect(repeated).toEqual([])
  })
})
