import { timelineOf, type Timeline } from 'ai-workflows'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { History } from './support/history.ts'

/** A branch: steps and groups, one after another. */
type Part = number | Fleet
interface Fleet {
  readonly limit: number
  readonly branches: readonly (readonly Part[])[]
}

/** Milliseconds: one that needs exactly a twentieth of the cost may be said to be enough, or not. */
const ROUNDING = 1e-6

const { fleet } = fc.letrec<{ fleet: Fleet; part: Part }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.integer({ min: 1, max: 50 }),
    tie('fleet'),
  ),
  fleet: fc.record({
    limit: fc.integer({ min: 1, max: 4 }),
    branches: fc.array(fc.array(tie('part'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
  }),
}))

/** Executes it as the engine does: branches in order, each when one of the places is free. @returns when it ended */
function execute(
  { limit, branches }: Fleet,
  places: (limit: number, key: string) => number,
  key = 'g',
  now = 0,
  history?: History,
): number {
  const free = Array.from({ length: Math.min(branches.length, places(limit, key)) }, () => now)
  for (const [index, parts] of branches.entries()) {
    const place = free.indexOf(Math.min(...free))
    let at = free[place] ?? now
    for (const [number, part] of parts.entries()) {
      const own = `${key}/${index}/p${number}`
      const from = at
      at = typeof part === 'number' ? from + part : execute(part, places, own, from, history)
      if (typeof part === 'number') history?.step(own, from, at)
    }
    free[place] = at
  }
  const until = Math.max(...free)
  history?.group(key, now, until, { limit, size: branches.length })
  return until
}

describe('of groups in groups, beside a simulator that executes them with other limits', () => {
  const recorded = (all: Fleet): Timeline => {
    const history = new History()
    const until = execute(all, (limit) => limit, 'g', 0, history)
    return timelineOf(history.ended(until).source, 0)
  }

  test('the critical path is as long as the run, and never more branches are under way than there are places', () => {
    fc.assert(
      fc.property(fleet, (all) => {
        const timeline = recorded(all)
        for (const { limit, most } of timeline.groups) expect(most).toBeLessThanOrEqual(limit ?? 0)
        const path = timeline.criticalPath.reduce((sum, { from, until }) => sum + until - from, 0)
        expect(path).toBe(timeline.totals.wall)
        expect(timeline.criticalPath.every(({ phase }) => phase === 'running')).toBe(true)
      }),
    )
  })

  test('without limits it would have taken what it takes without limits', () => {
    fc.assert(
      fc.property(fleet, (all) => {
        expect(recorded(all).totals.unlimited).toBe(execute(all, () => Number.MAX_SAFE_INTEGER))
      }),
      { numRuns: 500 },
    )
  })

  test('what is said of a limit is so: what it cost, that so many would have been enough, and that fewer would not', () => {
    let told = 0
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 2, maxLength: 40 }),
        (limit, lengths) => {
          const all = { limit, branches: lengths.map((length) => [length]) }
          const { totals, advice } = recorded(all)
          const said = advice.find(({ kind }) => kind === 'limit')
          if (said === undefined) return
          told++
          const enough = Number(/; (\d+) would have been enough/.exec(said.text)?.[1])
          const least = Math.max(...lengths)
          expect(totals.wall - said.cost).toBe(least)
          expect(execute(all, () => enough) - least).toBeLessThanOrEqual(0.05 * said.cost + ROUNDING)
          if (enough - 1 > limit)
            expect(execute(all, () => enough - 1) - least).toBeGreaterThanOrEqual(0.05 * said.cost - ROUNDING)
        },
      ),
      { numRuns: 500 },
    )
    expect(told).toBeGreaterThan(100)
  })

  test('a limit is not blamed for places that stood empty while something was recorded', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300 }), fc.integer({ min: 2, max: 50 }), (count, limit) => {
        // Each takes 1 ms, and only one in 10 ms is recorded: no limit of 2 or more would be felt.
        const history = new History()
        for (let n = 0; n < count; n++) history.step(`g/${n}/s`, 10 * n, 10 * n + 1)
        history.group('g', 0, 10 * count, { limit, size: count })
        const { totals, advice } = timelineOf(history.ended(10 * count).source, 0)
        expect(totals.wall - totals.unlimited).toBeLessThanOrEqual(Math.ceil(count / limit))
        expect(advice.filter(({ kind }) => kind === 'limit')).toEqual([])
      }),
    )
  })
})
