import { stdout } from 'node:process'
import type { Results } from '../results.ts'
import { SCENARIOS } from '../scenarios.ts'
import { rowsOf } from './rows.ts'
import { verdictOf } from './summary.ts'
import { tableOf } from './table.ts'
import type { Table } from './table.ts'

export function printReport(results: Results): void {
  for (const scenario of SCENARIOS) {
    const rows = rowsOf(results, scenario)
    if (rows.length === 0) continue
    stdout.write(`\n${scenario.id}. ${scenario.title} (${scenario.what})\n${textOf(tableOf(scenario, rows))}`)
    stdout.write(`${verdictOf(rows)}\n`)
  }
  for (const { scenario, contender, error } of results.failures)
    stdout.write(`${scenario}: ${contender} failed, so it has no figure: ${error}\n`)
  for (const { name, reason } of results.missing) stdout.write(`without ${name}: ${reason}\n`)
  stdout.write(`Measured in ${results.minutes.toFixed(1)} minutes.\n`)
  if (results.quick) stdout.write('Small sizes and few rounds: these figures mean nothing.\n')
}

function textOf({ head, lines }: Table): string {
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  const padded = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return all.map((line) => `${padded(line)}\n`).join('')
}
