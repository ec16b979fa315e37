import { messageOf } from '../../core/errors.ts'
import { ENDED } from '../../core/ports/store.ts'
import { type Waiting, waitingOf } from '../../core/run-waits.ts'
import type { Zombie } from '../../core/ports/engine.ts'
import type { EmbeddedEngine, RunDetails } from '../../engine/embedded-engine.ts'
import { type CommandContext, hint, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { decoded, detailsDocument } from '../runs/details.ts'
import { eachRun, processText, requireRun } from '../runs/look-up.ts'
import { MOST_ROWS, operationTable } from '../runs/operation-table.ts'
import { type OperationRow, operationsOf } from '../runs/operations.ts'
import { durationOf, retries, STATUS_STYLES, type Summary, summaryOf } from '../runs/summary.ts'
import { zombieTable } from '../runs/zombie-table.ts'
import type { Terminal } from '../terminal.ts'
import { oneLine, printable } from '../text/printable.ts'
import { durationText } from '../../core/duration-text.ts'
import { fullTimeText, plural } from '../text/units.ts'
import { checkTimelineOptions, showTimeline } from '../timeline/output.ts'
import { RunView } from '../timeline/run-view.ts'
import { runTable } from './list.ts'

export interface ShowOptions {
  /** What ran when, instead of what is recorded. */
  readonly timeline?: boolean
  /** The file to write a picture of that to. */
  readonly svg?: string
  /** The same as text that Mermaid draws. */
  readonly mermaid?: boolean
  /** Everything, however long. */
  readonly all?: boolean
}

interface Shown {
  readonly summary: Summary
  readonly details: RunDetails
  readonly children: readonly Summary[]
}

/** `show <id>`: all that is recorded of a run. */
export async function show(context: CommandContext, id: string, options: ShowOptions): Promise<ExitCode> {
  const { terminal } = context
  checkTimelineOptions(terminal, options)
  return await withEngine(context, async (engine) => {
    const record = await requireRun(context, engine, id)
    if (options.timeline === true || options.mermaid === true || options.svg !== undefined) {
      await showTimeline(terminal, await new RunView(engine, id).timeline(), options)
      return EXIT.completed
    }
    const details = await engine.inspect(id)
    const shown = {
      summary: await summaryOf(engine, details.record),
      details,
      children: await childrenOf(engine, record.id),
    }
    if (terminal.json) {
      const parts = {
        operations: operationsOf(details, shown.summary.status),
        children: shown.children,
        waiting: waitingOf(details),
        zombies: details.zombies,
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
  const given = decoded(codec, input)
  const live = !ENDED.has(summary.record.status)
  return [
    overview(context, summary),
    ...(given === undefined ? [] : [value('Input', given)]),
    ...(output === undefined ? [] : [value('Output', decoded(codec, output))]),
    ...(error === undefined ? [] : [errorSection(terminal, decoded(codec, error))]),
    operationSection(terminal, operationsOf(details, summary.status), all),
    ...(children.length === 0 ? [] : [childSection(terminal, children, all)]),
    ...(live ? [waitingSection(terminal, waitingOf(details))] : []),
    zombieSection(terminal, details.zombies, all),
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
    ['forked from', record.forkedFrom === undefined ? undefined : printable(record.forkedFrom)],
    ['retried', retries(record) === 0 ? undefined : plural(retries(record), 'time')],
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

function operationSection(terminal: Terminal, rows: readonly OperationRow[], all: boolean): string[] {
  if (rows.length === 0) return []
  const counts = new Map<string, number>()
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1)
  const tally = [...counts].map(([status, count]) => `${count.toLocaleString('en')} ${status}`).join(', ')
  return [
    heading(terminal, `Operations (${tally})`),
    ...operationTable(terminal, rows, all).map((line) => `  ${line}`),
  ]
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

function zombieSection(terminal: Terminal, zombies: readonly Zombie[], all: boolean): string[] {
  if (zombies.length === 0) return []
  const title = `Ignoring their signal (${zombies.length}): given up, and still running; what they return is refused`
  return [
    heading(terminal, title),
    ...zombieTable(terminal, zombies, Date.now(), all).map((line) => `  ${line}`),
  ]
}

function heading(terminal: Terminal, text: string): string {
  return terminal.styled('bold', text)
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ')
}
