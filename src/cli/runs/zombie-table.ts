import type { Zombie } from '../../core/ports/engine.ts'
import type { Terminal } from '../terminal.ts'
import { oneLine, printable } from '../text/printable.ts'
import { type Column, tableLines } from '../text/table.ts'
import { durationText } from '../../core/duration-text.ts'
import { MOST_ROWS } from './operation-table.ts'

const COLUMNS: readonly Column[] = [
  { title: 'STEP', least: 16, cutFirst: 1 },
  { title: 'ATTEMPT', align: 'right' },
  { title: 'FOR', align: 'right' },
  { title: 'PROCESS', align: 'right' },
  { title: 'GIVEN UP BECAUSE', least: 20, cutFirst: 2 },
]

/** Steps that ignore their signal. */
export function zombieTable(
  terminal: Terminal,
  zombies: readonly Zombie[],
  now: number,
  all: boolean,
): string[] {
  const shown = all ? zombies : zombies.slice(0, MOST_ROWS)
  const hidden = zombies.length - shown.length
  const rows = shown.map(({ step, key, attempt, since, pid, reason }) => [
    printable(key === '' ? `(${step})` : key),
    attempt === 0 ? '' : `${attempt}`,
    durationText(now - since),
    `${pid}`,
    oneLine(reason.message),
  ])
  const width = terminal.width === undefined ? undefined : terminal.width - 2
  const lines = tableLines(COLUMNS, rows, width, (cell, _, row) =>
    row === 'title' ? terminal.styled('bold', cell) : cell,
  )
  return hidden === 0 ? lines : [...lines, `… ${hidden} more (--all shows them)`]
}

/** For `--json`. */
export function zombieDocument(
  { step, key, attempt, since, reason, pid, host }: Zombie,
  now: number,
): object {
  return { step, key, attempt, since: new Date(since), ignoredForMs: now - since, reason, pid, host }
}
