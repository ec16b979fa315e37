/** One scenario as a table, for a terminal and for a page alike. */
import type { Scenario } from '../scenarios.ts'
import { isComparable } from './rows.ts'
import { shown } from '../statistics.ts'
import type { Row } from './rows.ts'

export interface Table {
  readonly head: readonly string[]
  readonly lines: readonly (readonly string[])[]
}

export function tableOf(scenario: Scenario, rows: readonly Row[]): Table {
  const head = [
    'contender',
    `${scenario.unit}, median`,
    'least to most',
    'rounds',
    '× floor',
    '× ours',
    'peak MB',
    'CPU ms',
    'bytes per step',
    'loop delay p99, ms',
  ]
  return { head, lines: rows.map(lineOf) }
}

function lineOf(row: Row): readonly string[] {
  const { note, value, ofFloor, ofOurs, peakMegabytes, cpuMs, bytesPerStep, delayP99 } = row
  return [
    `${note.name}${isComparable(row) ? '' : ' *'}`,
    shown(value.median),
    value.of === 1 ? '' : `${shown(value.least)} to ${shown(value.most)}`,
    String(value.of),
    ofFloor === undefined ? '' : ofFloor.toFixed(2),
    ofOurs === undefined ? '' : ofOurs.toFixed(2),
    shown(peakMegabytes),
    shown(cpuMs),
    bytesPerStep === undefined ? '' : shown(bytesPerStep),
    delayP99 === undefined ? '' : shown(delayP99),
  ]
}
