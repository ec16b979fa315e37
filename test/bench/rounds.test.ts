/** Who is measured when, and what becomes of a measurement that fails. */
import { describe, expect, test } from 'vitest'
import type { Outcome, Request } from '../../bench/one.ts'
import { measureRounds } from '../../bench/rounds.ts'
import type { Plan } from '../../bench/rounds.ts'
import { participant, scenarioOf } from './support/made-up.ts'

const figures = { value: 1, steps: 1000, cpuMs: 1, peakMegabytes: 1 }
const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  measured: figures,
  bytes: 0,
  tookMs: 100,
  ...more,
})

interface Asked extends Request {
  /** How often the same contender was measured before. */
  readonly before: number
}

/** @param measure what a measurement comes to, by the name of the contender */
function plan(measure: (name: string, asked: Asked) => Outcome, more: Partial<Plan> = {}) {
  const order: string[] = []
  const plan: Plan = {
    scenarios: [scenarioOf('B')],
    participants: ['a', 'b'].map((name) => participant(name)),
    rounds: 4,
    slowMs: 1000,
    budgetMs: 60_000,
    quick: false,
    interrupted: new AbortController().signal,
    progress: () => undefined,
    measure: async (request) => {
      const { name } = request.participant.note
      if (!request.warmUpOnly) order.push(name)
      const before = order.filter((one) => one === name).length - 1
      return measure(name, { ...request, before })
    },
    ...more,
  }
  return { plan, order }
}

test('contenders take turns, round after round', async () => {
  const { plan: one, order } = plan(() => outcome(), { rounds: 3 })
  await measureRounds(one)
  expect(order.join(' ')).toBe('a b a b a b')
})

test('who is slow takes part in two rounds', async () => {
  const { plan: one, order } = plan((name) => outcome({ tookMs: name === 'a' ? 1001 : 1000 }))
  const { measurements } = await measureRounds(one)
  expect(order.join(' ')).toBe('a b a b b b')
  const rounds = measurements.filter(({ contender }) => contender === 'a').map(({ round }) => round)
  expect(rounds).toEqual([1, 2])
})

test('when the time is up nothing is measured again, but everything once', async () => {
  const late = plan(() => outcome(), { budgetMs: 1 })
  await measureRounds(late.plan)
  expect(late.order.join(' ')).toBe('a b')
  // Two of them are of the warm-up alone.
  const inTime = plan(() => outcome(), { budgetMs: 700 })
  await measureRounds(inTime.plan)
  expect(inTime.order.join(' ')).toBe('a b a b a b')
})

test('who fails is not asked again, and the others go on', async () => {
  const { plan: one, order } = plan((name, { before }) => {
    if (name === 'a' && before === 1)
      throw new Error('gave up', { cause: new Error('the disk is full\nat …') })
    return outcome()
  })
  const { failures } = await measureRounds(one)
  expect(order.join(' ')).toBe('a b a b b b')
  expect(failures).toEqual([
    { scenario: 'B', contender: 'a', round: 2, error: 'gave up: the disk is full at …' },
  ])
})

test('an interruption is not the failure of a contender', async () => {
  const interrupt = new AbortController()
  const stop = (): never => {
    interrupt.abort()
    throw new Error('ended by SIGINT')
  }
  const { plan: one, order } = plan(stop, { interrupted: interrupt.signal })
  await expect(measureRounds(one)).rejects.toThrow('ended by SIGINT')
  expect(order).toEqual([])
})

describe('bytes per step', () => {
  test('are what the store grew by beyond the warm-up, which is measured once', async () => {
    let warmUps = 0
    const { plan: one } = plan((_name, { warmUpOnly }) => {
      if (warmUpOnly) warmUps++
      return outcome({ bytes: warmUpOnly ? 5000 : 55_000 })
    })
    const { measurements } = await measureRounds(one)
    expect(measurements.map(({ bytesPerStep }) => bytesPerStep)).toEqual(Array(8).fill(50))
    expect(warmUps).toBe(2)
  })

  test('are not there where a store has become smaller', async () => {
    const { plan: one } = plan((_name, { warmUpOnly }) => outcome({ bytes: warmUpOnly ? 5000 : 4999 }))
    const { measurements } = await measureRounds(one)
    expect(measurements.every(({ bytesPerStep }) => bytesPerStep === undefined)).toBe(true)
  })

  test('are not there where nothing is recorded', async () => {
    const participants = [participant('a', { scenarios: { E: 'comparable' } })]
    const { plan: one } = plan(() => outcome(), { scenarios: [scenarioOf('E')], participants, rounds: 1 })
    const { measurements } = await measureRounds(one)
    expect(measurements).toEqual([{ scenario: 'E', contender: 'a', round: 1, ...figures }])
  })
})

test('a contender is asked for no more steps than it can do, and for nothing that it does not take part in', async () => {
  const asked: Request[] = []
  const { plan: one } = plan(() => outcome(), {
    scenarios: [scenarioOf('A'), scenarioOf('B')],
    participants: [participant('a', { reduced: { B: 998 } })],
    rounds: 1,
    measure: async (request) => {
      asked.push(request)
      return outcome()
    },
  })
  await measureRounds(one)
  expect(asked.map(({ scenario, sizes }) => [scenario, sizes.steps])).toEqual([
    ['B', 998],
    ['B', 998],
  ])
})
