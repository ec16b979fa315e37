import { messageOf } from '../../core/errors.ts'
import type { EmbeddedEngine, RunDetails } from '../../engine/embedded-engine.ts'
import { type CommandContext, hint, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { decoded, detailsDocument, type Waiting, waitingOf } from '../runs/details.ts'
import { eachRun, processText, requireRun } from '../runs/look-up.ts'
import { folded, type FoldedRow, type OperationRow, operationsOf } from '../runs/operations.ts'
import { durationOf, STATUS_STYLES, type Summary, summaryOf } from '../runs/summary.ts'
import type { Terminal } from '../terminal.ts'
import { oneLine, printable } from '../text/printable.ts'
import { type Column, tableLines } from '../text/table.ts'
import { durationText, fullTimeText, plural } from '../text/units.ts'
import { runTable } from './list.ts'

export interface ShowOptions {
  /** Everything, however long. */
  readonly all?: boolean
}

interface Shown {
  readonly summary: Summary
  readonly details: RunDetails
  readonly children: readonly Summary[]
}

/** Rows of a table, unless all are asked for. */
const MOST_ROWS = 40

/** `show <id>`: all that is recorded of a run. */
export async function show(context: CommandContext, id: string, options: ShowOptions): Promise<ExitCode> {
  const { terminal } = context
  return await withEngine(context, async (engine) => {
    const record = await requireRun(context, engine, id)
    const details = await engine.inspect(id)
    const shown = {
      summary: await summaryOf(engine, details.record),
      details,
      children: await childrenOf(engine, record.id),
    }
    if (terminal.json) {
      const parts = {
        operations: operationsOf(details),
        children: shown.children,
        waiting: waitingOf(details),
      }
      terminal.printJson(detailsDocument(engine.codec, shown.summary, parts, Date.now()))
    } else
      terminal.print(
        sections(context, engine, shown, options.all === true)
          .map((lines) => lines.join('\n'))
          .join('\n\n'),
      )
    return EXIT.completed
  })
}

async function childrenOf(engine: EmbeddedEngine, parent: string): Promise<Summary[]> {
  const children: Summary[] = []
  for await (const record of eachRun(engine, { parent })) children.push(await summaryOf(engine, record))
  return children.toReversed()
}

function sections(
  context: CommandContext,
  { codec }: EmbeddedEngine,
  { summary, details, children }: Shown,
  all: boolean,
): string[][] {
  const { terminal } = context
  const { input, output, error } = summary.record
  const value = (title: string, shown: unknown): string[] => [
    heading(terminal, title),
    indented(terminal.readable(shown, all)),
  ]
  const live =
    summary.status === 'running' || summary.status === 'interrupted' || summary.status === 'blocked'
  return [
    overview(context, summary),
    value('Input', decoded(codec, input)),
    ...(output === undefined ? [] : [value('Output', decoded(codec, output))]),
    ...(error === undefined ? [] : [errorSection(terminal, decoded(codec, error))]),
    operationSection(terminal, operationsOf(details), summary, all),
    ...(children.length === 0 ? [] : [childSection(terminal, children, all)]),
    ...(live ? [waitingSection(terminal, waitingOf(details))] : []),
  ].filter((lines) => lines.length > 0)
}

function overview(context: CommandContext, summary: Summary): string[] {
  const { terminal } = context
  const { record, owner, status } = summary
  const duration = durationOf(summary, Date.now())
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['workflow', printable(record.workflow ?? '(without a name)')],
    ['status', terminal.styled(STATUS_STYLES[status], status)],
    ['executed by', owner === undefined ? undefined : processText(owner)],
    ['started', fullTimeText(record.createdAt)],
    ['ended', record.endedAt === undefined ? undefined : fullTimeText(record.endedAt)],
    ['duration', duration === undefined ? undefined : durationText(duration)],
    ['source', record.source === undefined ? undefined : printable(record.source)],
    ['parent', record.parent === undefined ? undefined : printable(record.parent.id)],
    [
      'go on with',
      status === 'interrupted' && record.workflow !== undefined
        ? hint(context, 'resume', record.id)
        : undefined,
    ],
  ]
  const lines = facts.flatMap(([name, fact]) => (fact === undefined ? [] : [`  ${name.padEnd(12)} ${fact}`]))
  return [heading(terminal, `Run ${printable(record.id)}`), ...lines]
}

function errorSection(terminal: Terminal, error: unknown): string[] {
  const shown = terminal.options.verbose ? terminal.readable(error, true) : oneLine(messageOf(error))
  return [heading(terminal, 'Error'), indented(shown)]
}

const OPERATIONS: readonly Column[] = [
  { title: 'KEY', least: 16, cutFirst: 1 },
  { title: 'KIND' },
  { title: 'STATUS' },
  { title: 'ATTEMPTS', align: 'right' },
  { title: 'DURATION', align: 'right' },
]
const STATUS_COLUMN = 2
const ROW_STYLES = {
  done: 'green',
  failed: 'red',
  retrying: 'yellow',
  running: 'cyan',
  interrupted: 'yellow',
} as const

function operationSection(
  terminal: Terminal,
  rows: readonly OperationRow[],
  { status }: Summary,
  all: boolean,
): string[] {
  if (rows.length === 0) return []
  const folds = all ? rows.map((row) => ({ key: row.key, members: [row] })) : folded(rows)
  const shown =
    all || folds.length <= MOST_ROWS
      ? folds
      : [...folds.slice(0, MOST_ROWS / 2), ...folds.slice(-MOST_ROWS / 2)]
  const states = shown.map(({ members }) => stateOf(members[0], status === 'running'))
  const cells = shown.map((fold, at) => operationCells(fold, states[at] ?? 'done'))
  const table = tableLines(
    OPERATIONS,
    cells,
    terminal.width === undefined ? undefined : terminal.width - 2,
    (cell, column, row) => {
      if (row === 'title') return terminal.styled('bold', cell)
      return column === STATUS_COLUMN ? terminal.styled(ROW_STYLES[states[row] ?? 'done'], cell) : cell
    },
  )
  const hidden = folds.length - shown.length
  const note =
    hidden === 0
      ? []
      : [
          `  … ${plural(hidden, 'more row')} between the first and the last ${MOST_ROWS / 2} (--all shows them)`,
        ]
  return [heading(terminal, `Operations (${tally(rows)})`), ...table.map((line) => `  ${line}`), ...note]
}

/** What had begun when nobody executes the run any more does not run. */
function stateOf(row: OperationRow | undefined, live: boolean): keyof typeof ROW_STYLES {
  const state = row?.status ?? 'done'
  return state === 'running' && !live ? 'interrupted' : state
}

function operationCells({ key, members }: FoldedRow, state: string): string[] {
  const durations = members.flatMap(({ startedAt, endedAt }) =>
    startedAt === undefined || endedAt === undefined ? [] : [endedAt - startedAt],
  )
  const attempts = members.reduce((most, row) => Math.max(most, row.attempts), 0)
  const kind = members[0]?.kind ?? 'step'
  const many = members.length > 1
  return [
    many ? `${printable(key)}  ×${members.length.toLocaleString('en')}` : printable(key),
    kind,
    state,
    kind === 'step' ? `${many && attempts > 1 ? 'up to ' : ''}${attempts}` : '',
    durations.length === 0 ? '' : rangeText(durations),
  ]
}

function rangeText(durations: readonly number[]): string {
  const [least, most] = durations.reduce(
    ([low, high], one) => [Math.min(low, one), Math.max(high, one)],
    [Number.POSITIVE_INFINITY, 0],
  )
  const [from, to] = [durationText(least), durationText(most)]
  return from === to ? from : `${from} – ${to}`
}

function tally(rows: readonly OperationRow[]): string {
  const counts = new Map<string, number>()
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count.toLocaleString('en')} ${status}`).join(', ')
}

function childSection(terminal: Terminal, children: readonly Summary[], all: boolean): string[] {
  const shown = all ? children : children.slice(0, MOST_ROWS)
  const hidden = children.length - shown.length
  const table = runTable(terminal, shown, Date.now()).map((line) => `  ${line}`)
  return [
    heading(terminal, `Children (${children.length})`),
    ...table,
    ...(hidden === 0 ? [] : [`  … ${hidden} more (--all shows them)`]),
  ]
}

function waitingSection(terminal: Terminal, { sleeps, events, cancelRequested }: Waiting): string[] {
  const lines = [
    ...sleeps.slice(0, MOST_ROWS).map(({ key, due }) => `  ${printable(key)} until ${fullTimeText(due)}`),
    ...events
      .slice(0, MOST_ROWS)
      .map((name) => `  event ${JSON.stringify(printable(name))} was sent, and not received yet`),
    ...(cancelRequested ? ['  a request to cancel it'] : []),
  ]
  return lines.length === 0 ? [] : [heading(terminal, 'Waiting'), ...lines]
}

function heading(terminal: Terminal, text: string): string {
  return terminal.styled('bold', text)
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ')
}
