/** No figure for work that did not happen: each check notices what it is there for. */
import { describe, expect, test } from 'vitest'
import { checkResumed, checkWork, watchRecords } from '../../bench/checks.ts'
import { pooled } from '../../bench/contender.ts'
import type { FanOut, FanOutContender, Session } from '../../bench/contender.ts'
import type { Job } from '../../bench/job.ts'
import { measureFanOut } from '../../bench/measure-fan-out.ts'

const sizes = { steps: 10, concurrency: 5, runs: 3, inFlight: 2 }

describe('a contender of durable runs has no figure when', () => {
  test('it executed too few steps, none, or some of them twice', () => {
    expect(() => checkWork({ executed: 30, total: 135 }, sizes)).not.toThrow()
    expect(() => checkWork({ executed: 0, total: 135 }, sizes)).toThrow('0 steps were executed instead of 30')
    expect(() => checkWork({ executed: 29, total: 135 }, sizes)).toThrow('29 steps')
    expect(() => checkWork({ executed: 31, total: 135 }, sizes)).toThrow('31 steps')
  })

  test('what its steps returned does not add up', () => {
    expect(() => checkWork({ executed: 30, total: 90 }, sizes)).toThrow('add up to 90 instead of 135')
    expect(() => checkWork({ executed: 30, total: Number.NaN }, sizes)).toThrow('add up to NaN')
  })

  test('it began a killed run anew, or lost what it had recorded', () => {
    expect(() => checkResumed({ executed: 1, total: 55 }, 11)).not.toThrow()
    expect(() => checkResumed({ executed: 11, total: 55 }, 11)).toThrow('11 steps were executed instead of 1')
    expect(() => checkResumed({ executed: 1, total: 10 }, 11)).toThrow('add up to 10 instead of 55')
  })
})

describe('a store that is said to record each step', () => {
  const comparable = { scenarios: { A: 'comparable', B: 'keeps a cursor', F: 'comparable' } } as const
  const unused = (): never => expect.unreachable()
  const session = (recorded?: () => Promise<number>): Session => ({
    sequence: unused,
    fanOut: unused,
    close: unused,
    ...(recorded && { recorded }),
  })

  test('is held to it', async () => {
    let rows = 20
    const check = await watchRecords(
      comparable,
      session(async () => rows),
      'A',
    )
    await expect(check(0)).resolves.toBeUndefined()
    await expect(check(100)).rejects.toThrow('its store has recorded 0 steps instead of 100')
    rows += 100
    await expect(check(100)).resolves.toBeUndefined()
    rows++
    await expect(check(100)).rejects.toThrow('101 steps instead of 100')
  })

  test('must be able to say how many', async () => {
    await expect(watchRecords(comparable, session(), 'A')).rejects.toThrow('does not say how many steps')
  })

  test('is not asked where its figure is not comparable, or nothing is to be recorded', async () => {
    for (const scenario of ['B', 'F'] as const) {
      const check = await watchRecords(comparable, session(unused), scenario)
      await expect(check(100)).resolves.toBeUndefined()
    }
  })
})

describe('a contender of fan-out', () => {
  const job: Job = {
    file: '',
    scenario: 'E',
    sizes: { ...sizes, steps: 100, runs: 1 },
    phase: 'measure',
    directory: '',
    url: '',
    answer: '',
    timeoutMs: 1000,
  }
  const measure = (run: FanOut) => {
    const contender: FanOutContender = { name: 'made up', kind: 'peer', load: async () => run }
    return measureFanOut(contender, job)
  }

  test('has a figure when it did all tasks', async () => {
    const { steps, value } = await measure(pooled)
    expect(steps).toBe(100)
    expect(value).toBeGreaterThan(0)
  })

  test('has none when it called no task but knew the results', async () => {
    const known: FanOut = async (tasks) => Array.from({ length: tasks }, (_, index) => index * 2)
    await expect(measure(known)).rejects.toThrow('100 tasks: 0 calls')
  })

  test('has none when it lost a result, or the order of results', async () => {
    const short: FanOut = async (...given) => (await pooled(...given)).slice(1)
    await expect(measure(short)).rejects.toThrow('99 results')
    const reversed: FanOut = async (...given) => [...(await pooled(...given))].toReversed()
    await expect(measure(reversed)).rejects.toThrow('result 0 is wrong')
  })

  test('has none when it did not wait for its tasks', async () => {
    const hasty: FanOut = async (tasks, task) => {
      const calls = Array.from({ length: tasks }, (_, index) => task(index))
      return calls as unknown as readonly number[]
    }
    await expect(measure(hasty)).rejects.toThrow('result 0 is wrong')
  })
})
