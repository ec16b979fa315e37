/** `mockSteps`: other functions in place of those of steps, wherever they are called. */
import { createEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import { mockSteps } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

const charge = (): Promise<string> => Promise.resolve('really charged')

const child = workflow({ name: 'child', execute: async () => await step('charge', charge) })
const orders = workflow({
  name: 'orders',
  execute: async (ctx) => [
    await step('charge', charge, { retry: { maxAttempts: 2, initialDelay: 0 } }),
    await step('charge', charge),
    await ctx.invoke(child, null),
  ],
})

function engine(): ReturnType<typeof createEngine> {
  const made = createEngine({ store: memoryStore() })
  onTestFinished(async () => await made.stop())
  return made
}

describe('mockSteps', () => {
  test('stands in for steps by name: in a run, its children and outside of any, with their retries, until disposed', async () => {
    {
      using mocks = mockSteps({
        charge: ({ attempt, idempotencyKey }) => {
          if (attempt === 1 && idempotencyKey === 'o1:charge') throw new Error('no answer')
          return `mocked, attempt ${attempt}`
        },
      })
      expect(await orders.run(null, { engine: engine(), id: 'o1' })).toEqual([
        'mocked, attempt 2',
        'mocked, attempt 1',
        'mocked, attempt 1',
      ])
      expect(await parallel([step('charge', charge)])).toEqual(['mocked, attempt 1'])
      expect(mocks.calls('charge')).toEqual([
        { step: 'charge', key: 'charge', runId: 'o1', attempt: 1, idempotencyKey: 'o1:charge' },
        { step: 'charge', key: 'charge', runId: 'o1', attempt: 2, idempotencyKey: 'o1:charge' },
        { step: 'charge', key: 'charge#2', runId: 'o1', attempt: 1, idempotencyKey: 'o1:charge#2' },
        { step: 'charge', key: 'charge', runId: 'o1/child', attempt: 1, idempotencyKey: 'o1/child:charge' },
        { step: 'charge', key: 'charge', runId: undefined, attempt: 1, idempotencyKey: 'charge' },
      ])
      expect(mocks.calls('charge#2')).toHaveLength(1)
      expect(mocks.calls('ship')).toEqual([])
    }
    expect(await step('charge', charge)).toBe('really charged')
  })

  test('a key says it for one step alone, and what no step asked for is unused', async () => {
    using mocks = mockSteps({ charge: () => 'any', 'charge#2': () => 'the second', ship: () => 'never' })
    expect(await orders.run(null, { engine: engine() })).toEqual(['any', 'the second', 'any'])
    expect(mocks.unused()).toEqual(['ship'])
  })

  test('the newer of two is taken, whichever is restored first', async () => {
    const older = mockSteps({ charge: () => 'older', ship: () => 'older' })
    const newer = mockSteps({ charge: () => 'newer' })
    onTestFinished(() => [older, newer].forEach((mocks) => mocks.restore()))
    const both = async (): Promise<string[]> => [await step('charge', charge), await step('ship', charge)]
    expect(await both()).toEqual(['newer', 'older'])
    older.restore()
    expect(await both()).toEqual(['newer', 'really charged'])
    newer.restore()
    newer.restore()
    expect(await both()).toEqual(['really charged', 'really charged'])
  })

  test('E7: what is not a function is refused', () => {
    expect(() => mockSteps({ charge: 1 as never })).toThrow(
      'mockSteps() option "charge": expected a function, got 1',
    )
    expect(() => mockSteps(undefined as never)).toThrow(
      'mockSteps(): expected an object of functions, got undefined',
    )
  })
})
