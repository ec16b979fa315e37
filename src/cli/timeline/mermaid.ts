/** A timeline as a gantt chart of Mermaid, for pages that draw those: a README, an issue, a wiki. */
import type { Timeline } from '../../timeline/timeline.ts'
import { printable } from '../text/printable.ts'
import { fitted } from '../text/width.ts'
import { stretchOf } from './begun.ts'
import { type GroupLane, lanesOf, type Lane, type OperationLane } from './lanes.ts'

/** Mermaid draws no text of more than 50,000 characters by default. */
const MOST_LANES = 200

/** Columns of a name: a longer one would be drawn over everything. */
const LONGEST_NAME = 80

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** @param all a bar for each operation, however many */
export function mermaidGantt(timeline: Timeline, all: boolean): string {
  const { run, at } = timeline
  const name = [run.workflow, run.id].filter((part) => part !== undefined).join(' ')
  const lanes = lanesOf(timeline, all)
  const kept = all ? lanes : lanes.slice(0, MOST_LANES)
  const lines = [
    'gantt',
    `    title ${text(name)}`,
    '    dateFormat x',
    `    axisFormat ${axisFormat(at - run.from)}`,
    '    todayMarker off',
    ...taskLines(kept, run.workflow ?? run.id, at),
  ]
  if (kept.length < lanes.length) lines.push(`    %% ${lanes.length - kept.length} more (--all has them)`)
  return lines.join('\n')
}

/** A section for each group, and one for what is in none. */
function taskLines(lanes: readonly Lane[], run: string, at: number): string[] {
  const around: GroupLane[] = []
  const lines: string[] = []
  let section: string | undefined
  for (const lane of lanes) {
    around.length = Math.min(around.length, lane.depth)
    if (lane.kind === 'group') {
      around.push(lane)
      continue
    }
    const own = around.length === 0 ? text(run) : around.map(groupText).join(' › ')
    if (own !== section) lines.push(`    section ${own}`)
    section = own
    lines.push(`    ${taskLine(lane, at)}`)
  }
  return lines
}

function groupText({ label, group: { limit } }: GroupLane): string {
  return text(limit === undefined ? label : `${label} (limit ${limit})`)
}

function taskLine({ label, members }: OperationLane, at: number): string {
  const [first] = members
  const many = members.length === 1 ? '' : ` ×${members.length.toLocaleString('en')}`
  const state = first.state === 'done' ? '' : ` (${first.state})`
  const tags = [
    ...(members.some(({ critical }) => critical) ? ['crit'] : []),
    ...(first.until === undefined ? ['active'] : []),
  ]
  const { from, until } = stretchOf(members, at)
  // A bar without length would not be drawn.
  return `${text(`${label}${many}${state}`)} :${[...tags, from, `${Math.max(1, until - from)}ms`].join(', ')}`
}

function axisFormat(length: number): string {
  if (length < MINUTE) return '%S.%L'
  if (length < HOUR) return '%M:%S'
  return length < DAY ? '%H:%M' : '%m-%d %H:%M'
}

/** As text and nothing else: no mark of Mermaid's, no tag, and no word that begins a statement. */
function text(name: string): string {
  const shown = fitted(printable(name.trim() === '' ? '(no name)' : name.trim().toWellFormed()), LONGEST_NAME)
  const marked = shown.replace(/[^\p{L}\p{N}\p{M} .,_()/×›…*-]/gu, entity)
  return STATEMENTS.test(marked) ? entity(marked.slice(0, 1)) + marked.slice(1) : marked
}

function entity(char: string): string {
  return `#${char.codePointAt(0)};`
}

const STATEMENTS =
  /^(?:gantt|title|section|dateformat|axisformat|tickinterval|inclusiveenddates|topaxis|excludes|includes|todaymarker|weekday|weekend|click|acctitle|accdescr)/i
