/** The reference page's whole workflows: "Parallel Workflows", fan-out, conditional, nested. */
/* oxlint-disable no-unused-vars -- the page's workflows take what they do not use */
import { workflow, step, parallel } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { gates, Meter, quiet } from '../spec/support/gate.ts'
import { sandbox, started } from '../spec/support/sandbox.ts'

describe('Parallel Workflows', () => {
  let meter = new Meter()
  let gate = gates()
  const processUserWorkflow = workflow({
    name: 'process-user',
    execute: async (_ctx, { userId }: { userId: string }) =>
      await step('process', () =>
        meter.during(userId, async () => {
          await gate(userId).pass()
          return `${userId} is done`
        }),
      ),
  })

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
      return { processed: results.length }
    },
  })

  const users = Array.from({ length: 25 }, (_, index) => `user-${index}`)

  async function openOneByOne(): Promise<void> {
    for (const [index, user] of users.entries()) {
      await Promise.all(users.slice(index, index + 10).map((next) => gate(next).reached))
      await quiet()
      expect(meter.running).toBe(Math.min(10, users.length - index))
      gate(user).open()
    }
  }

  test('each child is a run of its own, at most 10 at once', async () => {
    meter = new Meter()
    gate = gates()
    const box = await sandbox('sqlite')
    const run = await processUsers.start(users, { engine: box.engine, id: 'all' })
    const [output] = await Promise.all([run.result(), openOneByOne()])
    expect(output).toEqual({ processed: 25 })
    expect(meter.most).toBe(10)
    const children = await box.engine.list({ parent: 'all' })
    expect(children.map(({ status }) => status)).toEqual(Array.from({ length: 25 }, () => 'completed'))
    expect(new Set(children.map(({ id }) => id)).size).toBe(25)
  })

  test('the same id again gives the recorded result and starts no child', async () => {
    meter = new Meter()
    gate = gates()
    for (const user of users) gate(user).open()
    const box = await sandbox('sqlite')
    await processUsers.run(users, { engine: box.engine, id: 'all' })
    await box.restart()
    expect(await processUsers.run(users, { engine: box.engine, id: 'all' })).toEqual({ processed: 25 })
    expect(meter.started).toHaveLength(25)
    expect(await box.engine.list({ parent: 'all' })).toHaveLength(25)
  })
})

describe('Fan-Out / Fan-In Pattern', () => {
  let meter = new Meter()
  let gate = gates()
  const splitIntoChunks = (data: readonly number[], count: number): number[][] =>
    Array.from({ length: count }, (_, index) => data.filter((_, at) => at % count === index))
  const processChunk = (chunk: readonly number[]): Promise<number> =>
    meter.during(String(chunk[0]), async () => {
      await gate(String(chunk[0])).pass()
      return chunk.reduce((sum, one) => sum + one, 0)
    })
  const combineResults = (sums: readonly number[]): number => sums.reduce((sum, one) => sum + one, 0)

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
      // Fan-in: Combine results
      const combined = await step('combine', () =>
        combineResults(processed)
      )
      return combined
    },
  })

  const data = Array.from({ length: 1000 }, (_, index) => index)

  async function openOneByOne(): Promise<void> {
    for (let chunk = 0; chunk < 10; chunk++) {
      for (let next = chunk; next < Math.min(10, chunk + 5); next++) await gate(String(next)).reached
      await quiet()
      expect(meter.running).toBe(Math.min(5, 10 - chunk))
      gate(String(chunk)).open()
    }
  }

  test('ten chunks, five at a time, one sum; a second time from the record', async () => {
    meter = new Meter()
    gate = gates()
    const box = await sandbox('sqlite')
    const options = { engine: box.engine, id: 'sum' }
    const [sum] = await Promise.all([mapReduceWorkflow.run(data, options), openOneByOne()])
    expect(sum).toBe(499_500)
    expect(meter.most).toBe(5)
    const ran = started(box.events)
    expect(ran).toEqual([...Array.from({ length: 10 }, (_, i) => `process-chunk-${i}`), 'combine'])
    await box.restart()
    expect(await mapReduceWorkflow.run(data, { engine: box.engine, id: 'sum' })).toBe(499_500)
    expect(started(box.events)).toEqual(ran)
  })
})

describe('Conditional Parallel', () => {
  // An `order` to which nobody gave a type is any record, but no interface: those want `order: Order` to be written.
  type Order = Readonly<Record<string, boolean>>
  const asked: string[] = []
  const requestApproval = async (_order: Order): Promise<boolean> => asked.push('approval') > 0
  const prepareCustomsForms = (_order: Order): string[] => (asked.push('customs') > 0 ? ['CN22'] : [])
  const reserveInventory = async (_order: Order): Promise<number> => asked.push('inventory')

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
    },
  })

  test.each([
    [true, true, ['approval', 'customs', 'inventory']],
    [true, false, ['approval', 'inventory']],
    [false, true, ['customs', 'inventory']],
    [false, false, ['inventory']],
  ])('approval %s, international %s: runs %j', async (requiresApproval, isInternational, expected) => {
    asked.length = 0
    const box = await sandbox('sqlite')
    const order: Order = { requiresApproval, isInternational }
    await conditionalWorkflow.run(order, { engine: box.engine, id: 'one' })
    expect(asked).toEqual(expected)
    await box.restart()
    await conditionalWorkflow.run(order, { engine: box.engine, id: 'one' })
    expect(asked).toEqual(expected)
    expect(box.log.messages('warn').filter((message) => message.includes('never awaited'))).toEqual([])
  })
})

describe('Nested Parallel', () => {
  const meter = new Meter()
  const gate = gates<string>()
  const operation = (name: string): (() => Promise<string>) => {
    return () => meter.during(name, () => gate(name).pass())
  }
  const names = ['a1', 'a2', 'b1', 'b2', 'b3'] as const
  const [opA1, opA2, opB1, opB2, opB3] = [
    operation('a1'),
    operation('a2'),
    operation('b1'),
    operation('b2'),
    operation('b3'),
  ]

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
      return results
    },
  })

  test('all five at once, results in the shape of the groups; a second time from the record', async () => {
    const box = await sandbox('sqlite')
    const run = await complexWorkflow.start({}, { engine: box.engine, id: 'nested' })
    await Promise.all(names.map((name) => gate(name).reached))
    expect(meter.running).toBe(5)
    for (const name of names.toReversed()) gate(name).open(name.toUpperCase())
    const expected = [
      ['A1', 'A2'],
      ['B1', 'B2', 'B3'],
    ]
    expect(await run.result()).toEqual(expected)
    await box.restart()
    expect(await complexWorkflow.run({}, { engine: box.engine, id: 'nested' })).toEqual(expected)
    expect(started(box.events)).toEqual(names)
  })
})
