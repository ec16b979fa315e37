import type { RunFilter } from '../../core/ports/store.ts'
import { type ShownStatus, storedStatuses } from '../../core/shown-status.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import { type CommandContext, databaseExists, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { eachRun } from '../runs/look-up.ts'
import { durationOf, STATUS_STYLES, type Summary, summaryDocument, summaryOf } from '../runs/summary.ts'
import type { Terminal } from '../terminal.ts'
import { printable } from '../text/printable.ts'
import { type Column, tableLines } from '../text/table.ts'
import { durationText } from '../../core/duration-text.ts'
import { timeText } from '../text/units.ts'

export interface ListOptions {
  readonly status?: readonly ShownStatus[]
  readonly workflow?: string
  readonly limit: number
  readonly all?: boolean
}

/** `list`: the runs, newest first. */
export async function list(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { terminal } = context
  const found = databaseExists(context) ? await withEngine(context, (engine) => find(engine, options)) : []
  const shown = found.slice(0, options.limit)
  const now = Date.now()
  if (terminal.json) terminal.printJson(shown.map((one) => summaryDocument(one, now)))
  else if (shown.length > 0) terminal.print(runTable(terminal, shown, now).join('\n'))
  else terminal.note(databaseExists(context) ? 'No run fits' : 'No runs yet')
  if (found.length > shown.length) terminal.note(`There are more: --limit ${options.limit * 10} shows them`)
  return EXIT.completed
}

/** One more than asked for, if there is one. */
async function find(
  engine: EmbeddedEngine,
  { status, workflow, limit, all }: ListOptions,
): Promise<Summary[]> {
  const filter: RunFilter = {
    ...(status === undefined ? {} : { status: storedStatuses(status) }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(all === true ? {} : { parent: null }),
  }
  const found: Summary[] = []
  for await (const record of eachRun(engine, filter)) {
    const summary = await summaryOf(engine, record)
    if (status === undefined || status.includes(summary.status)) found.push(summary)
    if (found.length > limit) break
  }
  return found
}

const COLUMNS: readonly Column[] = [
  { title: 'ID', least: 12, cutFirst: 1 },
  { title: 'WORKFLOW', least: 10, cutFirst: 2 },
  { title: 'STATUS' },
  { title: 'STARTED' },
  { title: 'DURATION', align: 'right' },
]
const STATUS_COLUMN = 2
/** Only where there is a fork. */
const FORK_COLUMN: Column = { title: 'FORKED FROM', least: 12, cutFirst: 3 }

export function runTable(terminal: Terminal, runs: readonly Summary[], now: number): string[] {
  const withForks = runs.some(({ record }) => record.forkedFrom !== undefined)
  const rows = runs.map((one) => {
    const duration = durationOf(one, now)
    const { id, workflow, createdAt, forkedFrom } = one.record
    return [
      printable(id),
      printable(workflow ?? '-'),
      one.status,
      timeText(createdAt, now),
      duration === undefined ? '-' : durationText(duration),
      ...(withForks ? [printable(forkedFrom ?? '-')] : []),
    ]
  })
  return tableLines(
    withForks ? [...COLUMNS, FORK_COLUMN] : COLUMNS,
    rows,
    terminal.width,
    (cell, column, row) => {
      if (row === 'title') return terminal.styled('bold', cell)
      const run = column === STATUS_COLUMN ? runs[row] : undefined
      return run === undefined ? cell : terminal.styled(STATUS_STYLES[run.status], cell)
    },
  )
}
