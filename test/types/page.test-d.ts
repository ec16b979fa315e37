/** Every example of the reference page, as printed, under the strictest options: what TypeScript infers. */
import { workflow, step, parallel, type Workflow } from 'ai-workflows'
import { race } from 'ai-workflows'
import { expectTypeOf, test } from 'vitest'

/* oxlint-disable no-unused-vars, no-explicit-any -- the page's workflows take what they do not use, and give their input no type */

interface Stock {
  readonly left: number
}
declare function checkInventory(items: readonly string[]): Promise<Stock>
declare function validatePayment(payment: string): Promise<boolean>
declare function calculateShipping(address: string): number
declare function createOrder(order: { inventory: Stock; payment: boolean; shipping: number }): void

test('Basic Parallel Execution: a tuple, each in its place', () => {
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
      expectTypeOf(inventory).toEqualTypeOf<Stock>()
      expectTypeOf(payment).toEqualTypeOf<boolean>()
      expectTypeOf(shipping).toEqualTypeOf<number>()
      // Continue with results
      await step('create-order', () =>
        createOrder({ inventory, payment, shipping })
      )
    },
  })
  expectTypeOf(orderWorkflow).toEqualTypeOf<Workflow<any, void>>()
})

declare const userId: string
declare function getUser(id: string): Promise<{ name: string }>
declare function getOrders(id: string): string[]
declare function getPreferences(id: string): Promise<Map<string, string>>

test('Named Parallel Steps: a record, by name', async () => {
  const results = await parallel({
    user: step('fetch-user', () => getUser(userId)),
    orders: step('fetch-orders', () => getOrders(userId)),
    preferences: step('fetch-preferences', () => getPreferences(userId)),
  })
  expectTypeOf(results).toEqualTypeOf<{
    user: { name: string }
    orders: string[]
    preferences: Map<string, string>
  }>()
})

declare const items: readonly { readonly id: number }[]
declare function processItem(item: { readonly id: number }): Promise<Date>

test('Parallel with Limits: an array', async () => {
  // prettier-ignore
  const results = await parallel(
    items.map((item) => step(`process-${item.id}`, () => processItem(item))),
    { concurrency: 3 }
  )
  expectTypeOf(results).toEqualTypeOf<Date[]>()
})

declare function operationA(): Promise<string>
declare function operationB(): number
declare function operationC(): Promise<void>

test('Fail Fast (Default)', async () => {
  const results = await parallel([
    step('a', () => operationA()),
    step('b', () => operationB()),
    step('c', () => operationC()),
  ])
  expectTypeOf(results).toEqualTypeOf<[string, number, void]>()
})

test('Settle All: each result discriminates on its status', async () => {
  // prettier-ignore
  const results = await parallel(
    [
      step('a', () => operationA()),
      step('b', () => operationB()),
      step('c', () => operationC()),
    ],
    { settle: true }
  )
  expectTypeOf(results).toEqualTypeOf<
    [PromiseSettledResult<string>, PromiseSettledResult<number>, PromiseSettledResult<void>]
  >()
  results.forEach((result, index) => {
    expectTypeOf(index).toEqualTypeOf<number>()
    if (result.status === 'fulfilled') {
      console.log(`Step ${index} succeeded:`, result.value)
      expectTypeOf(result.value).toEqualTypeOf<string | number | void>()
    } else {
      console.log(`Step ${index} failed:`, result.reason)
      expectTypeOf(result).toEqualTypeOf<PromiseRejectedResult>()
    }
  })
  const [a] = results
  if (a.status === 'fulfilled') expectTypeOf(a.value).toEqualTypeOf<string>()
})

declare const data: object
declare function fetchFromPrimary(data: object): Promise<string>
declare function fetchFromSecondary(data: object): Promise<number>
declare function fetchFromCache(data: object): string | undefined

test('Race Execution: a union', async () => {
  const fastest = await race([
    step('primary', () => fetchFromPrimary(data)),
    step('secondary', () => fetchFromSecondary(data)),
    step('cache', () => fetchFromCache(data)),
  ])
  expectTypeOf(fastest).toEqualTypeOf<string | number | undefined>()
})

declare const processUserWorkflow: Workflow<{ userId: string }, Date>

test('Parallel Workflows', () => {
  // prettier-ignore
  const processUsers = workflow({
    execute: async (ctx, userIds) => {
      // Process all users concurrently
      const results = await parallel(
        userIds.map((id) =>
          ctx.invoke(processUserWorkflow, { userId: id })
        ),
        { concurrency: 10 }
      )
      expectTypeOf(results).toEqualTypeOf<Date[]>()
      return { processed: results.length }
    },
  })
  expectTypeOf(processUsers).toEqualTypeOf<Workflow<any, { processed: number }>>()
})

declare function splitIntoChunks(data: readonly number[], count: number): number[][]
declare function processChunk(chunk: readonly number[]): Promise<bigint>
declare function combineResults(results: readonly bigint[]): bigint

test('Fan-Out / Fan-In Pattern', () => {
  // prettier-ignore
  const mapReduceWorkflow = workflow({
    execute: async (ctx, data) => {
      // Fan-out: Split work across parallel steps
      const chunks = splitIntoChunks(data, 10)
      const processed = await parallel(
        chunks.map((chunk, i) =>
          step(`process-chunk-${i}`, () => processChunk(chunk))
        ),
        { concurrency: 5 }
      )
      expectTypeOf(processed).toEqualTypeOf<bigint[]>()
      // Fan-in: Combine results
      const combined = await step('combine', () =>
        combineResults(processed)
      )
      return combined
    },
  })
  expectTypeOf(mapReduceWorkflow).toEqualTypeOf<Workflow<any, bigint>>()
})

declare function requestApproval(order: object): Promise<boolean>
declare function prepareCustomsForms(order: object): string[]
declare function reserveInventory(order: object): Promise<number>

test('Conditional Parallel: an array that starts empty takes operations of several types', () => {
  // prettier-ignore
  const conditionalWorkflow = workflow({
    execute: async (ctx, order) => {
      const tasks = []
      // Add tasks based on conditions
      if (order.requiresApproval) {
        tasks.push(step('approval', () => requestApproval(order)))
      }
      if (order.isInternational) {
        tasks.push(step('customs', () => prepareCustomsForms(order)))
      }
      tasks.push(step('inventory', () => reserveInventory(order)))
      // Execute whatever tasks were added
      await parallel(tasks)
      expectTypeOf(parallel(tasks)).resolves.toEqualTypeOf<(boolean | string[] | number)[]>()
    },
  })
  expectTypeOf(conditionalWorkflow).toEqualTypeOf<Workflow<any, void>>()
})

declare function slowOperation(): Promise<string>
declare function fastOperation(): number

test('Timeout for Parallel: what is not there in time is undefined', async () => {
  // prettier-ignore
  const results = await parallel(
    [
      step('slow', () => slowOperation()),
      step('fast', () => fastOperation()),
    ],
    {
      timeout: '30s',
      timeoutValue: 'partial', // Return completed results on timeout
    }
  )
  expectTypeOf(results).toEqualTypeOf<[string | undefined, number | undefined]>()
})

declare function opA1(): Promise<'a1'>
declare function opA2(): Promise<2>
declare function opB1(): Promise<boolean>
declare function opB2(): Promise<Date>
declare function opB3(): null

test('Nested Parallel: tuples in a tuple', () => {
  // prettier-ignore
  const complexWorkflow = workflow({
    execute: async (ctx, data) => {
      const results = await parallel([
        // First parallel group
        parallel([
          step('a1', () => opA1()),
          step('a2', () => opA2()),
        ]),
        // Second parallel group
        parallel([
          step('b1', () => opB1()),
          step('b2', () => opB2()),
          step('b3', () => opB3()),
        ]),
      ])
      expectTypeOf(results).toEqualTypeOf<[['a1', 2], [boolean, Date, null]]>()
      return results
    },
  })
  expectTypeOf(complexWorkflow).toEqualTypeOf<Workflow<any, [['a1', 2], [boolean, Date, null]]>>()
})
