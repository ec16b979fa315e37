/** Writes what was measured into BENCHMARKS.md, between two markers, and draws a chart for each scenario. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { barChart } from '../chart.ts'
import type { Results } from '../results.ts'
import { SCENARIOS } from '../scenarios.ts'
import type { Scenario } from '../scenarios.ts'
import { writeSection } from '../section.ts'
import { chartPath, pageOf } from './page.ts'
import { isComparable, rowsOf } from './rows.ts'
import type { Row } from './rows.ts'

const MARKERS = {
  begin: '<!-- measured: written by `npm run bench -- --write` -->',
  end: '<!-- /measured -->',
}

const KINDS = { floor: 'floor', ours: 'ai-workflows', peer: 'peer', other: 'not comparable' }

/** @throws Error when BENCHMARKS.md has not both markers, or there is no page of these results. */
export async function writeReport(results: Results, root: string): Promise<void> {
  const page = pageOf(results)
  mkdirSync(join(root, 'bench/charts'), { recursive: true })
  for (const scenario of SCENARIOS) {
    const rows = rowsOf(results, scenario)
    if (rows.length > 0) writeFileSync(join(root, chartPath(scenario)), await chartOf(scenario, rows))
  }
  writeSection(join(root, 'BENCHMARKS.md'), MARKERS, page)
}

function chartOf(scenario: Scenario, rows: readonly Row[]): Promise<string> {
  return barChart({
    title: `${scenario.id}. ${scenario.title}`,
    value: { title: scenario.unit, log: true },
    kinds: Object.values(KINDS),
    bars: rows.map((row) => ({
      name: row.note.name,
      value: row.value.median,
      least: row.value.least,
      most: row.value.most,
      kind: isComparable(row) ? KINDS[row.note.kind] : KINDS.other,
    })),
  })
}
