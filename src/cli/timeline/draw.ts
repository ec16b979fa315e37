/** A timeline as lines of a terminal. */
import { durationText } from '../../core/duration-text.ts'
import type { Timeline, TimelineOperation } from '../../timeline/timeline.ts'
import type { Style, Terminal } from '../terminal.ts'
import { printable } from '../text/printable.ts'
import { plural } from '../text/units.ts'
import { fitted, padded, widthOf } from '../text/width.ts'
import { type Cell, colourOf, CRITICAL, crowdBar, operationBar, PHASES, type Scale } from './bar.ts'
import { type GroupLane, type Lane, lanesOf, type OperationLane } from './lanes.ts'
import { pathLine, totalsLine } from './summary.ts'

export interface Canvas {
  /** Columns. */
  readonly width: number
  styled(style: Style, text: string): string
}

/** Columns where nobody has told the width of what is written to. */
const USUAL_WIDTH = 100

/** Narrower, and there is no room for a bar. */
const LEAST_WIDTH = 20

export function canvasOf(terminal: Terminal): Canvas {
  const width = Math.max(LEAST_WIDTH, terminal.width ?? USUAL_WIDTH)
  return { width, styled: (style, text) => terminal.styled(style, text) }
}

/** Lanes that are drawn, unless all are asked for. */
const MOST_LANES = 60

/** A bar that is shorter tells nothing. */
const LEAST_BAR = 10

/** Of a narrower terminal, most is for the bars: what took between two times is told by the longer one. */
const NARROW = 60
/** There, what is said of a lane gets no more. */
const NARROW_RESULT = 1 / 3

interface Layout {
  readonly label: number
  readonly scale: Scale
  readonly result: number
  readonly isNarrow: boolean
}

/** @param all a lane for each operation, however many */
export function drawTimeline(timeline: Timeline, canvas: Canvas, all: boolean): string[] {
  const lanes = lanesOf(timeline, all)
  const half = MOST_LANES / 2
  const tooMany = !all && lanes.length > MOST_LANES
  const shown = tooMany ? [...lanes.slice(0, half), ...lanes.slice(-half)] : lanes
  const hidden = plural(lanes.length - MOST_LANES, 'more lane')
  const [axis = '', ...lines] = laneLines(timeline, shown, canvas)
  if (tooMany) lines.splice(half, 0, `… ${hidden} (--all shows them)`)
  return [
    ...wrapped(totalsLine(timeline), canvas.width),
    '',
    ...(lanes.length === 0
      ? ['Nothing of what it did is recorded.']
      : [axis, ...lines, '', ...legend(shown, canvas.width)]),
    ...(timeline.criticalPath.length === 0 ? [] : ['', ...wrapped(pathLine(timeline), canvas.width)]),
    ...timeline.advice.flatMap(({ text }) => ['', ...wrapped(`→ ${printable(text)}`, canvas.width)]),
  ]
}

/** The times, and below them a line for each lane. */
export function laneLines(timeline: Timeline, lanes: readonly Lane[], canvas: Canvas): string[] {
  const layout = layoutOf(timeline, lanes, canvas.width)
  return [axisLine(layout, canvas), ...lanes.map((lane) => laneLine(lane, layout, canvas))]
}

function layoutOf(timeline: Timeline, lanes: readonly Lane[], width: number): Layout {
  const widest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)
  const isNarrow = width < NARROW
  const most = isNarrow ? Math.floor(width * NARROW_RESULT) : width
  const result = Math.min(most, widest(lanes.map((lane) => resultOf(lane, isNarrow))))
  const wanted = widest(lanes.map((lane) => (lane.kind === 'group' ? '' : labelOf(lane))))
  const label = Math.max(1, Math.min(wanted, Math.floor(width / 3), width - result - LEAST_BAR - 4))
  const columns = Math.max(1, width - label - result - 4)
  return { label, result, isNarrow, scale: { from: timeline.run.from, until: timeline.at, columns } }
}

function laneLine(lane: Lane, { label, scale, result: room, isNarrow }: Layout, canvas: Canvas): string {
  if (lane.kind === 'group') return fitted(groupText(lane), canvas.width)
  const [first] = lane.members
  const critical = lane.members.some((each) => each.critical)
  const cells =
    lane.members.length === 1 ? operationBar(first, lane.path, scale) : crowdBar(lane.members, scale)
  const mark = critical ? '*' : ' '
  const name = padded(fitted(labelOf(lane), label), label)
  const result = canvas.styled(colourOf(first), fitted(resultOf(lane, isNarrow), room))
  return `${mark} ${critical ? canvas.styled('bold', name) : name} ${rendered(cells, canvas)} ${result}`
}

function labelOf({ depth, label, members }: OperationLane): string {
  const many = members.length > 1 ? ` ×${members.length.toLocaleString('en')}` : ''
  return `${'  '.repeat(depth)}${printable(label)}${many}`
}

function groupText({ depth, label, group }: GroupLane): string {
  const { name, kind, limit, size, full, critical } = group
  const branches = size === 1 ? '1 branch' : `${size.toLocaleString('en')} branches`
  const at =
    limit === undefined ? '' : `, ${limit.toLocaleString('en')} at once, ${Math.round(full * 100)}% full`
  const called = name === kind ? printable(label) : `${kind} ${printable(label)}`
  return `${critical ? '*' : ' '} ${'  '.repeat(depth)}${called}: ${branches}${at}`
}

function resultOf(lane: Lane, isNarrow: boolean): string {
  if (lane.kind === 'group') return ''
  const [first] = lane.members
  const states: Partial<Record<TimelineOperation['state'], string>> = {
    done: '',
    running: '…',
    'backing-off': '… retry',
  }
  const state = states[first.state] ?? first.state
  const ignores = lane.members.some((each) => each.ignoresSignal) ? 'ignores its signal' : ''
  return [rangeOf(lane.members, isNarrow), state, ignores].filter((part) => part !== '').join(' ')
}

/** How long they took, without the time in the queue. */
function rangeOf(members: readonly TimelineOperation[], isNarrow: boolean): string {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { spans } of members) {
    const begun = spans.find(({ phase }) => phase !== 'queued')
    const until = spans.at(-1)?.until
    if (begun === undefined || until === undefined) continue
    least = Math.min(least, until - begun.from)
    most = Math.max(most, until - begun.from)
  }
  if (most < least) return ''
  const [from, to] = [durationText(least), durationText(most)]
  if (from === to) return from
  return isNarrow ? `≤ ${to}` : `${from} – ${to}`
}

/** Times at equal distances, each under its column. */
function axisLine({ label, scale }: Layout, canvas: Canvas): string {
  const total = scale.until - scale.from
  const last = durationText(total)
  let line = '0'
  for (const part of [0.25, 0.5, 0.75]) {
    const text = durationText(total * part)
    const at = Math.round(scale.columns * part)
    if (line.length + 2 <= at && at + text.length + 2 < scale.columns - last.length)
      line = line.padEnd(at) + text
  }
  const room = scale.columns - last.length
  const axis = line.length < room ? line.padEnd(room) + last : line
  return canvas.styled('gray', `${' '.repeat(label + 3)}${axis}`)
}

function rendered(cells: readonly Cell[], canvas: Canvas): string {
  let line = ''
  for (let at = 0; at < cells.length;) {
    const { style } = cells[at] as Cell
    let run = ''
    for (; at < cells.length && cells[at]?.style === style; at++) run += cells[at]?.character
    line += style === undefined ? run : canvas.styled(style, run)
  }
  return line
}

function legend(lanes: readonly Lane[], width: number): string[] {
  const operations = lanes.flatMap((lane) =>
    lane.kind === 'group' || lane.members.length > 1 ? [] : lane.members,
  )
  const has = (phase: string): boolean =>
    operations.some(({ spans }) => spans.some((span) => span.phase === phase))
  const crowds = lanes.some((lane) => lane.kind === 'operations' && lane.members.length > 1)
  const entries = [
    '* on the critical path',
    ...(has('running') ? [`${CRITICAL} decided the total`, `${PHASES.running} running`] : []),
    ...(has('backing-off') ? [`${PHASES['backing-off']} backing off`] : []),
    ...(has('waiting') ? [`${PHASES.waiting} waiting`] : []),
    ...(has('queued') ? [`${PHASES.queued} queued`] : []),
    ...(crowds ? ['▁▄█ how many at once'] : []),
  ]
  return filled(entries, width, '   ', '')
}

/** In lines of at most so many columns, those after the first indented. */
export function wrapped(text: string, width: number): string[] {
  return filled(text.split(' '), width, ' ', '  ')
}

/** Pieces in as few lines as they fit on; one that is wider by itself stays whole. */
function filled(pieces: readonly string[], width: number, between: string, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const piece of pieces) {
    if (line !== '' && widthOf(line) + between.length + widthOf(piece) > width) {
      lines.push(line)
      line = `${indent}${piece}`
    } else line = line === '' ? piece : `${line}${between}${piece}`
  }
  return [...lines, line]
}
