import type { Terminal } from '../terminal.ts'
import { printable } from '../text/printable.ts'
import { type Column, tableLines } from '../text/table.ts'
import { durationText } from '../../core/duration-text.ts'
import { plural } from '../text/units.ts'
import { folded, type FoldedRow, type OperationRow } from './operations.ts'

/** Rows of a table, unless all are asked for. */
export const MOST_ROWS = 40

const HALF = MOST_ROWS / 2

const COLUMNS: readonly Column[] = [
  { title: 'KEY', least: 16, cutFirst: 1 },
  { title: 'KIND' },
  { title: 'STATUS' },
  { title: 'ATTEMPTS', align: 'right' },
  { title: 'DURATION', align: 'right' },
]
const STATUS_COLUMN = 2
const STYLES: Readonly<Record<OperationRow['status'], 'green' | 'red' | 'yellow' | 'cyan' | 'gray'>> = {
  done: 'green',
  failed: 'red',
  retrying: 'yellow',
  running: 'cyan',
  interrupted: 'yellow',
  cancelled: 'gray',
}

/** @param all one row for each, however many */
export function operationTable(terminal: Terminal, rows: readonly OperationRow[], all: boolean): string[] {
  const folds = all ? rows.map((row) => ({ key: row.key, members: [row] as const })) : folded(rows)
  const tooMany = !all && folds.length > MOST_ROWS
  const shown = tooMany ? [...folds.slice(0, HALF), ...folds.slice(-HALF)] : folds
  const width = terminal.width === undefined ? undefined : terminal.width - 2
  const lines = tableLines(COLUMNS, shown.map(cellsOf), width, (cell, column, row) => {
    if (row === 'title') return terminal.styled('bold', cell)
    const status = column === STATUS_COLUMN ? shown[row]?.members[0].status : undefined
    return status === undefined ? cell : terminal.styled(STYLES[status], cell)
  })
  if (!tooMany) return lines
  const hidden = plural(folds.length - MOST_ROWS, 'more row')
  return [...lines, `… ${hidden} between the first ${HALF} and the last ${HALF} (--all shows them)`]
}

function cellsOf({ key, members }: FoldedRow): string[] {
  const [{ kind, status }] = members
  const many = members.length > 1
  const attempts = members.reduce((most, row) => Math.max(most, row.attempts), 0)
  return [
    many ? `${printable(key)}  ×${members.length.toLocaleString('en')}` : printable(key),
    kind,
    status,
    kind === 'step' || kind === 'compensation' ? `${many && attempts > 1 ? 'up to ' : ''}${attempts}` : '',
    rangeText(members),
  ]
}

function rangeText(members: readonly OperationRow[]): string {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const { startedAt, endedAt } of members) {
    if (startedAt === undefined || endedAt === undefined) continue
    least = Math.min(least, endedAt - startedAt)
    most = Math.max(most, endedAt - startedAt)
  }
  if (most < least) return ''
  const [from, to] = [durationText(least), durationText(most)]
  return from === to ? from : `${from} – ${to}`
}
