/** What was measured, as the text that goes into BENCHMARKS.md. */
import type { Results } from '../results.ts'
import { SLOW_ROUNDS } from '../rounds.ts'
import { SCENARIOS } from '../scenarios.ts'
import type { Scenario } from '../scenarios.ts'
import { tableLines } from '../section.ts'
import { isComparable, rowsOf } from './rows.ts'
import type { Row } from './rows.ts'
import { summaryOf, verdictOf } from './summary.ts'
import { tableOf } from './table.ts'

const HOW_TO_READ =
  '`× floor`, `× ours`: multiples of the floor and of the fastest of ours. `peak MB`, `CPU ms`: of the process that works, ' +
  'without the server of those that have one. `bytes per step`: what its store grew by, with logs that it has not yet compacted. `loop delay`: the time between ' +
  'two turns of the event loop; who never lets it turn delays it for all of the time.'

export const chartPath = ({ id }: Scenario): string => `bench/charts/${id.toLowerCase()}.svg`

/** @throws Error when the figures are those of a try-out. */
export function pageOf(results: Results): string {
  if (results.quick) throw new Error('these are figures of a try-out (--quick), which mean nothing')
  const sections = SCENARIOS.flatMap((scenario) => {
    const rows = rowsOf(results, scenario)
    return rows.length === 0 ? [] : [sectionOf(scenario, rows)]
  })
  const parts = [aboutOf(results), summaryOf(results), HOW_TO_READ, ...sections]
  const measured = [...parts, contendersOf(results), failuresOf(results)]
  return measured.filter((part) => part !== '').join('\n\n')
}

function aboutOf({ date, minutes, machine, rounds }: Results): string {
  const { node, sqlite, cpu, cores, memoryGigabytes, system, filesystem } = machine
  return (
    `Measured on ${date.slice(0, 10)}: Node.js ${node}, SQLite ${sqlite}, ${cpu}, ${cores} cores, ${memoryGigabytes} GB, ` +
    `${system}, ${filesystem}. Rounds, in each of which everybody has a turn: at most ${rounds}; ${SLOW_ROUNDS} for who is slow. ` +
    `All of it took ${Math.round(minutes)} minutes.`
  )
}

function sectionOf(scenario: Scenario, rows: readonly Row[]): string {
  const { head, lines } = tableOf(scenario, rows)
  const table = tableLines(head, lines, 'right').join('\n')
  const reasons = rows
    .filter((row) => !isComparable(row))
    .map((row) => `\\* ${row.note.name}: ${row.standing}.`)
  const fewer = rows.flatMap(({ note }) => {
    const steps = note.reduced[scenario.id]
    return steps === undefined ? [] : [`${note.name}: of only ${steps.toLocaleString('en')} steps.`]
  })
  return [
    `### ${scenario.id}. ${scenario.title}`,
    `${sentence(scenario.what)}.`,
    table,
    ...reasons,
    ...fewer,
    verdictOf(rows),
    `![${scenario.title}](${chartPath(scenario)})`,
  ].join('\n\n')
}

function contendersOf({ contenders }: Results): string {
  const lines = contenders
    .filter(({ durability }) => durability !== 'none')
    .map(({ name, version, durability, refuses, reduced }) => {
      const limits = [
        ...Object.entries(refuses).map(([scenario, why]) => `${scenario}: not measured, ${why}`),
        ...Object.entries(reduced).map(
          ([scenario, steps]) => `${scenario}: only ${steps.toLocaleString('en')} steps`,
        ),
      ]
      return [name, version, durability, limits.join('; ')]
    })
  const table = tableLines(['contender', 'version', 'durability', 'limits'], lines)
  const inMemory = contenders
    .filter(({ durability, version }) => durability === 'none' && version !== '')
    .map(({ name, version }) => `${name} ${version}`)
    .join(', ')
  return ['### Contenders', table.join('\n'), ...(inMemory === '' ? [] : [`In memory: ${inMemory}.`])].join(
    '\n\n',
  )
}

function failuresOf({ failures, missing }: Results): string {
  const lines = [
    ...failures.map(({ scenario, contender, error }) => `- ${scenario}, ${contender} failed: ${error}`),
    ...missing.map(({ name, reason }) => `- ${name}: ${reason}`),
  ]
  return lines.length === 0 ? '' : ['### Without a figure', lines.join('\n')].join('\n\n')
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
