/** Writes what was measured into BENCHMARKS.md, between two markers, and draws a chart for each scenario. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { barChart } from '../chart.ts'
import type { Results } from '../results.ts'
import { SCENARIOS } from '../scenarios.ts'
import type { Scenario } from '../scenarios.ts'
import { tableLines, writeSection } from '../section.ts'
import { shown } from '../statistics.ts'
import { isComparable, rowsOf, winners } from './rows.ts'
import type { Row } from './rows.ts'
import { tableOf } from './table.ts'

const MARKERS = {
  begin: '<!-- measured: written by `npm run bench -- --write` -->',
  end: '<!-- /measured -->',
}

/** @throws Error when BENCHMARKS.md has not both markers. */
export async function writeReport(results: Results, root: string): Promise<void> {
  mkdirSync(join(root, 'bench/charts'), { recursive: true })
  const sections: string[] = []
  for (const scenario of SCENARIOS) {
    const rows = rowsOf(results, scenario)
    if (rows.length === 0) continue
    const chart = `bench/charts/${scenario.id.toLowerCase()}.svg`
    writeFileSync(join(root, chart), await chartOf(scenario, rows))
    sections.push(sectionOf(scenario, rows, chart))
  }
  const measured = [aboutOf(results), ...sections, contendersOf(results), failuresOf(results)]
  const text = measured.filter((part) => part !== '').join('\n\n')
  writeSection(join(root, 'BENCHMARKS.md'), MARKERS, text)
}

function aboutOf({ date, machine, rounds }: Results): string {
  const { node, sqlite, cpu, cores, memoryGigabytes, system, filesystem } = machine
  return (
    `Measured on ${date.slice(0, 10)}: Node.js ${node}, SQLite ${sqlite}, ${cpu}, ${cores} cores, ${memoryGigabytes} GB, ` +
    `${system}, ${filesystem}. ${rounds} rounds.`
  )
}

function chartOf(scenario: Scenario, rows: readonly Row[]): Promise<string> {
  return barChart({
    title: `${scenario.id}. ${scenario.title}`,
    value: { title: scenario.unit, log: true },
    bars: rows.map((row) => ({
      name: row.note.name,
      value: row.value.median,
      least: row.value.least,
      most: row.value.most,
      kind: isComparable(row) ? row.note.kind : 'not comparable',
    })),
  })
}

function sectionOf(scenario: Scenario, rows: readonly Row[], chart: string): string {
  const { head, lines } = tableOf(scenario, rows)
  const table = tableLines(head, lines, 'right').join('\n')
  const notes = rows
    .filter((row) => !isComparable(row))
    .map((row) => `\\* ${row.note.name}: ${row.standing}.`)
    .join('\n')
  const faster = winners(rows)
    .map(({ note, ofOurs = 1 }) => `${note.name} (${shown(1 / ofOurs)} ×)`)
    .join(', ')
  const verdict = `Peers that are faster here: ${faster === '' ? 'none' : faster}.`
  return [
    `### ${scenario.id}. ${scenario.title}`,
    `${sentence(scenario.what)}.`,
    table,
    ...(notes === '' ? [] : [notes]),
    verdict,
    `![${scenario.title}](${chart})`,
  ].join('\n\n')
}

function contendersOf({ contenders }: Results): string {
  const lines = contenders
    .filter(({ durability }) => durability !== 'none')
    .map(({ name, version, durability, refuses, reduced }) => {
      const limits = [
        ...Object.entries(refuses).map(([scenario, why]) => `${scenario}: not measured, ${why}`),
        ...Object.entries(reduced).map(([scenario, steps]) => `${scenario}: only ${steps} steps`),
      ]
      return [name, version, durability, limits.join('; ')]
    })
  const table = tableLines(['contender', 'version', 'durability', 'limits'], lines)
  const inMemory = contenders
    .filter(({ durability, version }) => durability === 'none' && version !== '')
    .map(({ name, version }) => `${name} ${version}`)
    .join(', ')
  return ['### Contenders', table.join('\n'), `In memory: ${inMemory}.`].join('\n\n')
}

function failuresOf({ failures, missing }: Results): string {
  const lines = [
    ...failures.map(({ scenario, contender, error }) => `- ${scenario}, ${contender} failed: ${error}`),
    ...missing.map(({ name, reason }) => `- ${name}: ${reason}`),
  ]
  return lines.length === 0 ? '' : ['### Without a figure', lines.join('\n')].join('\n\n')
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
