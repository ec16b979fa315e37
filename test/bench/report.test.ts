/** What the report says of what was measured, and of what was not. */
import { describe, expect, test } from 'vitest'
import { pageOf } from '../../bench/report/page.ts'
import { rowsOf, winners } from '../../bench/report/rows.ts'
import { summaryOf, verdictOf } from '../../bench/report/summary.ts'
import { tableOf } from '../../bench/report/table.ts'
import type { Results } from '../../bench/results.ts'
import { ROW_FLOOR } from '../../bench/scenarios.ts'
import { measured, note, results, scenarioOf } from './support/made-up.ts'

const floor = note(ROW_FLOOR, 'floor')
const ours = note('ours', 'ours')
const peer = note('peer', 'peer')
const B = scenarioOf('B')
const contenders = [ours, peer, floor]

/** As cells by contender, without the sign that says "not comparable". */
function cells(of: Results): ReadonlyMap<string | undefined, readonly string[]> {
  const { lines } = tableOf(B, rowsOf(of, B))
  return new Map(lines.map(([name, ...rest]) => [name, rest]))
}

const three = results({
  contenders,
  measurements: [
    ...measured('ours', 200, 100, 300),
    ...measured('peer', 450, 400, 500),
    ...measured(ROW_FLOOR, 100, 90, 110),
  ],
})

describe('the table of a scenario', () => {
  test('has medians, how far they lie apart, and multiples of the floor and of ours, fastest first', () => {
    expect([...cells(three)].map(([name, row]) => [name, ...row.slice(0, 5)])).toEqual([
      [ROW_FLOOR, '100', '90 to 110', '3', '1.00', '0.50'],
      ['ours', '200', '100 to 300', '3', '2.00', '1.00'],
      ['peer', '450', '400 to 500', '3', '4.50', '2.25'],
    ])
  })

  test('says of how many rounds a figure is, and of one gives no range', () => {
    const measurements = [...measured('ours', 200, 100, 300), ...measured('peer', 450)]
    const table = cells(results({ contenders, measurements }))
    expect(table.get('peer')?.slice(0, 3)).toEqual(['450', '', '1'])
    expect(table.get('ours')?.slice(0, 3)).toEqual(['200', '100 to 300', '3'])
  })

  test('has no multiples of what was not measured', () => {
    const table = cells(results({ contenders, measurements: measured('peer', 450) }))
    expect(table.get('peer')?.slice(3, 5)).toEqual(['', ''])
  })

  test('has no figure of who failed in a later round', () => {
    const failures = [{ scenario: 'B', contender: 'peer', round: 3, error: 'gave up' }] as const
    const failed = { ...three, failures }
    expect([...cells(failed).keys()]).toEqual([ROW_FLOOR, 'ours'])
    expect(pageOf(failed)).toContain('- B, peer failed: gave up')
  })
})

describe('a peer wins', () => {
  const fast = results({ contenders, measurements: [...measured('ours', 200), ...measured('peer', 100)] })

  test('and the page says where and by how much', () => {
    expect(verdictOf(rowsOf(fast, B))).toBe('Peers that are faster here: peer (2 ×).')
    expect(summaryOf(fast)).toContain('| 200 ms |  | **peer: 100 ms** | 0.50 |')
  })

  test('not, when its figure is not comparable; the table says why', () => {
    const cursor = note('peer', 'peer', { scenarios: { B: 'keeps a cursor only' } })
    const other = { ...fast, contenders: [ours, cursor] }
    expect(winners(rowsOf(other, B))).toEqual([])
    expect(summaryOf(other)).toContain('| none measured |')
    expect(cells(other).has('peer *')).toBe(true)
    expect(pageOf(other)).toContain('\\* peer: keeps a cursor only.')
  })

  test('not, when ours was slower than the floor only', () => {
    expect(verdictOf(rowsOf(three, B))).toBe('Peers that are faster here: none.')
    expect(summaryOf(three)).toContain('| 200 ms | 2.00 | peer: 450 ms | 2.25 |')
  })

  test('is not said, nor denied, where ours has no figure', () => {
    const alone = results({ contenders, measurements: measured('peer', 100) })
    expect(verdictOf(rowsOf(alone, B))).toBe('ai-workflows has no figure here.')
  })
})

describe('the page', () => {
  test('names who was missing and goes on', () => {
    const page = pageOf({ ...three, missing: [{ name: 'DBOS', reason: 'no PostgreSQL was found' }] })
    expect(page).toContain('### Without a figure\n\n- DBOS: no PostgreSQL was found')
    expect(page).toContain('### B. ')
  })

  test('says how durable each contender is, and what it refuses or does less of', () => {
    const limited = note('peer', 'peer', { refuses: { A: 'too many steps' }, reduced: { D: 998 } })
    const page = pageOf({ ...three, contenders: [ours, limited] })
    expect(page).toContain(
      '| peer | 1.0.0 | a sync per step | A: not measured, too many steps; D: only 998 steps |',
    )
  })

  test('says beside a figure that it is of fewer steps than the others', () => {
    const limited = note('peer', 'peer', { reduced: { B: 998 } })
    const [, section] = pageOf({ ...three, contenders: [ours, limited] }).split('### B. ')
    expect(section).toContain('peer: of only 998 steps.')
  })

  test('is not written from a try-out', () => {
    expect(() => pageOf({ ...three, quick: true })).toThrow('which mean nothing')
  })

  test('has no section for a scenario of which there is no figure', () => {
    expect(pageOf(three)).not.toContain('### A. ')
    expect(pageOf(results({ contenders }))).not.toContain('### B. ')
  })
})
