/** Broken parts, to see that an exploration can fail. */
import { parallel, race, step, workflow, type Workflow } from 'ai-workflows'
import { ExplorationError, explore } from 'ai-workflows/testing'
import { describe, expect, test } from 'vitest'
import { exploreWith } from '../../src/testing/explore/explore.ts'
import { drainingEvery, replaysAtOnce } from '../property/mutations.ts'

const flow = workflow({
  name: 'two-branches',
  execute: async () => {
    const seen: string[] = []
    const branch = (name: string) => async (): Promise<void> => {
      await step(`${name}1`, () => 1)
      seen.push(name)
      await step(`${name}2`, () => 2)
      seen.push(name)
    }
    await parallel([branch('a'), branch('b')])
    const winner = await race([step('c', () => 'c'), step('d', () => 'd')])
    await step('last', () => [...seen, winner])
    return [...seen, winner]
  },
})

const tangled = workflow({
  name: 'tangled',
  execute: async () => {
    const seen: string[] = []
    const slowly = async (name: string, ticks: number): Promise<void> => {
      await step(name, () => 1)
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
      seen.push(name)
    }
    await Promise.all([slowly('a', 20), slowly('b', 0), slowly('c', 5)])
    await step('last', () => 1)
    return seen.join('')
  },
})

const options = { input: null, orderMatters: true }

describe('D2: an exploration notices a run loop that', () => {
  test('(has nothing against one that is another and right)', async () => {
    for (const one of [flow, tangled] as Workflow<null>[])
      expect((await exploreWith(drainingEvery(1), one, options)).orders).toBe(
        (await explore(one, options)).orders,
      )
  })

  test('drains no microtasks during a replay', async () => {
    await expect(exploreWith(replaysAtOnce, tangled, options)).rejects.toThrow(ExplorationError)
  })

  test('drains microtasks after every second delivery only', async () => {
    await expect(exploreWith(drainingEvery(2), tangled, options)).rejects.toThrow(ExplorationError)
  })
})

describe('E7: an argument that is refused', () => {
  test.each([
    [{ crash: true }, 'unknown option "crash"; did you mean "crashes"?'],
    [{ orders: 0 }, 'explore() option "orders"'],
    [{ orders: 'some' }, 'expected \'all\', got "some"'],
    [{ steps: { a: 1 } }, 'option "a": expected a function'],
    [{ failures: 1 }, 'option "failures": expected true or false'],
    [{ repeat: 'a' }, 'option "repeat": expected an array'],
  ])('%j', async (bad, message) => {
    await expect(explore(flow, { input: null, ...bad } as never)).rejects.toThrow(message)
  })

  test('something that is no workflow', async () => {
    await expect(explore({} as never, { input: 1 })).rejects.toThrow('explore(): expected a workflow')
  })
})

describe('everything is as it was', () => {
  test('after an exploration, and beside one', async () => {
    const before = [Date, Math.random, setTimeout, fetch, performance.now, crypto.randomUUID, console.log]
    const exploring = explore(flow, { input: null, orderMatters: true })
    expect(new Date()).toBeInstanceOf(Date)
    expect(new Date().constructor).toBe(Date)
    expect(Math.abs(Date.now() - before[0]!.prototype.constructor.now())).toBeLessThan(60_000)
    await exploring
    expect([Date, Math.random, setTimeout, fetch, performance.now, crypto.randomUUID, console.log]).toEqual(
      before,
    )
    expect(Object.hasOwn(performance, 'now')).toBe(false)
  })

  test('two explorations at once do not mix', async () => {
    const [one, other] = await Promise.all([
      explore(flow, { input: null, orderMatters: true, steps: { last: () => 'one' } }),
      explore(flow, { input: null, orderMatters: true, steps: { last: () => 'other' } }),
    ])
    expect(one).toEqual(other)
  })

  test('the same seed gives the same report', async () => {
    const sampled = { input: null, orders: 12, orderMatters: true, seed: 7 }
    expect(await explore(flow, sampled)).toEqual(await explore(flow, sampled))
  })
})
