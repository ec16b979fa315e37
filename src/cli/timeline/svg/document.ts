/** A timeline as a picture that needs nothing else: light or dark as the reader has it, every text as text. */
import { durationText } from '../../../core/duration-text.ts'
import type { Timeline } from '../../../timeline/timeline.ts'
import { plural } from '../../text/units.ts'
import { fitted, widthOf } from '../../text/width.ts'
import { stretchOf } from '../begun.ts'
import { wrapped } from '../draw.ts'
import { type Lane, lanesOf } from '../lanes.ts'
import { pathLine, totalsLine } from '../summary.ts'
import { crowdBars, groupBar, operationBars, type Tone, tonesOf } from './bars.ts'
import { CHART, PAGE, TimeScale } from './geometry.ts'
import { element, escaped, textAt } from './markup.ts'
import { criticalLines } from './path.ts'
import { STYLE } from './style.ts'

/** Lanes that are drawn, unless all are asked for. */
const MOST_LANES = 200

/** Pixels of a column of text, on average: narrow enough for most fonts. */
const COLUMN = 7.2
const LINE = 20

/** @param all a lane for each operation, however many */
export function timelineSvg(timeline: Timeline, all: boolean): string {
  const lanes = lanesOf(timeline, all)
  const shown = all ? lanes : lanes.slice(0, MOST_LANES)
  const scale = new TimeScale(timeline)
  const top = 104
  const middles = shown.map((_, index) => top + 22 + index * PAGE.row + PAGE.row / 2)
  const bottom = top + 22 + shown.length * PAGE.row
  const foot = footOf(timeline, shown, lanes.length - shown.length, bottom + 26)
  const height = foot.bottom + PAGE.margin - 8
  const { width } = PAGE
  const content = [
    element('title', {}, escaped(`Timeline of run ${timeline.run.id}`)),
    `<style>${STYLE}</style>`,
    clips(height),
    element('rect', { class: 'page', x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 10 }),
    ...headOf(timeline),
    ...gridOf(scale, top, bottom),
    ...shown.flatMap((lane, index) => laneOf(lane, scale, middles[index] ?? 0, timeline.at, index)),
    ...criticalLines(timeline, shown, middles, scale),
    ...foot.parts,
  ]
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'aw',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
  }
  return `${element('svg', attributes, `\n${content.join('\n')}\n`)}\n`
}

/** Fonts differ: what is wider than it was taken for is cut, and not written over. */
function clips(height: number): string {
  const box = (id: string, x: number, width: number): string =>
    element('clipPath', { id }, element('rect', { x, y: 0, width, height }))
  const remark = CHART.right + PAGE.gap
  return element(
    'defs',
    {},
    box('aw-label', 0, CHART.left - PAGE.gap / 2) + box('aw-remark', remark, PAGE.width - remark - 6),
  )
}

function headOf(timeline: Timeline): string[] {
  const { workflow, id, status } = timeline.run
  const name = fitted(workflow ?? id, 60)
  const x = PAGE.margin
  const right = PAGE.width - PAGE.margin
  return [
    textAt(x, 36, 'title', name),
    ...(workflow === undefined ? [] : [textAt(x, 62, 'muted', `run ${fitted(id, 90)}`)]),
    textAt(right, 36, 'strong end', status),
    textAt(right, 62, 'muted end', totalsLine(timeline)),
  ]
}

function gridOf(scale: TimeScale, top: number, bottom: number): string[] {
  return scale
    .ticks(9)
    .flatMap(({ x, text }) => [
      element('line', { class: 'grid', x1: x, y1: top + 14, x2: x, y2: bottom }),
      ...(x + text.length * 6 > CHART.right + PAGE.gap ? [] : [textAt(x, top, 'axis', text)]),
    ])
}

function laneOf(lane: Lane, scale: TimeScale, y: number, at: number, index: number): string[] {
  const indent = Math.min(lane.depth, 8) * 14
  const critical = lane.kind === 'group' ? lane.group.critical : lane.members.some((each) => each.critical)
  const label = labelOf(lane)
  const room = Math.floor((PAGE.label - indent) / COLUMN)
  const bars =
    lane.kind === 'group'
      ? [groupBar(lane.group, scale, y, at)]
      : lane.members.length === 1
        ? operationBars(lane.members[0], scale, y, at)
        : crowdBars(lane.members, scale, y, at)
  const remark = remarkOf(lane, at)
  const text = (x: number, style: string, clip: string, shown: string): string =>
    element('g', { 'clip-path': `url(#${clip})` }, textAt(x, y, style, shown))
  const parts = [
    element('title', {}, escaped(`${label}: ${remark}`)),
    ...(critical ? [element('circle', { class: 'mark', cx: 16, cy: y, r: 3 })] : []),
    text(
      PAGE.margin + indent,
      lane.kind === 'group' ? 'strong' : '',
      'aw-label',
      shortened(lane, label, room),
    ),
    ...bars,
    text(CHART.right + PAGE.gap, 'muted', 'aw-remark', fitted(remark, Math.floor(PAGE.remark / 6.2))),
  ]
  const stripe = {
    class: 'stripe',
    x: 6,
    y: y - PAGE.row / 2,
    width: PAGE.width - 12,
    height: PAGE.row,
    rx: 4,
  }
  return [...(index % 2 === 0 ? [element('rect', stripe)] : []), element('g', {}, parts.join(''))]
}

function labelOf(lane: Lane): string {
  if (lane.kind === 'group') return lane.label
  return lane.members.length === 1 ? lane.label : `${lane.label} ×${lane.members.length.toLocaleString('en')}`
}

/** A count at its end stays. */
function shortened(lane: Lane, label: string, room: number): string {
  if (lane.kind === 'group' || lane.members.length === 1) return fitted(label, room)
  const count = label.slice(lane.label.length)
  return fitted(lane.label, Math.max(1, room - widthOf(count))) + count
}

function remarkOf(lane: Lane, at: number): string {
  if (lane.kind === 'group') {
    const { kind, size, limit, full } = lane.group
    const limited = limit === undefined ? '' : `, limit ${limit}, ${Math.round(full * 100)}% full`
    return `${kind === 'parallel' ? '' : `${kind} of `}${size.toLocaleString('en')}${limited}`
  }
  const [{ state, attempts, ignoresSignal }] = lane.members
  const times = lane.members.map((each) => {
    const { from, until } = stretchOf([each], at)
    return until - from
  })
  const range = [Math.min, Math.max].map((pick) => durationText(times.reduce((a, b) => pick(a, b))))
  const most = lane.members.reduce((most, each) => Math.max(most, each.attempts), attempts)
  return [
    range[0] === range[1] ? range[0] : range.join(' – '),
    ...(state === 'done' ? [] : [LEGEND[state]]),
    ...(most > 1 ? [`${lane.members.length > 1 ? 'up to ' : ''}${plural(most, 'attempt')}`] : []),
    ...(ignoresSignal ? ['ignores its signal'] : []),
  ].join(', ')
}

function footOf(
  timeline: Timeline,
  lanes: readonly Lane[],
  hidden: number,
  top: number,
): { readonly parts: string[]; readonly bottom: number } {
  const parts = legendOf(lanes, top)
  let y = top + 32
  const room = Math.floor((PAGE.width - 2 * PAGE.margin) / 6.4)
  const say = (text: string, style: string): void => {
    for (const line of wrapped(text, room)) {
      parts.push(textAt(PAGE.margin, y, style, line))
      y += LINE
    }
    y += LINE / 4
  }
  if (hidden > 0) say(`… and ${plural(hidden, 'more lane')} (--all draws them)`, 'muted')
  if (timeline.criticalPath.length > 0) say(pathLine(timeline), '')
  for (const { text } of timeline.advice) say(`→ ${text}`, '')
  return { parts, bottom: y - LINE / 2 }
}

const LEGEND: Readonly<Record<Tone, string>> = {
  running: 'running',
  done: 'done',
  failed: 'failed',
  queued: 'queued',
  'backing-off': 'backing off',
  waiting: 'waiting',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
}

/** Of the colours that there are. */
function legendOf(lanes: readonly Lane[], y: number): string[] {
  const operations = lanes.flatMap((lane) => (lane.kind === 'group' ? [] : lane.members))
  const seen = new Set(operations.flatMap((each) => tonesOf(each)))
  const entries: [string, string][] = Object.entries(LEGEND).filter(([tone]) => seen.has(tone as Tone))
  if (operations.some(({ critical }) => critical)) entries.push(['mark', 'critical path'])
  let x: number = PAGE.margin
  return entries.flatMap(([tone, name]) => {
    const at = x
    x += 16 + name.length * 7 + 20
    return [
      element('rect', { class: tone, x: at, y: y - 5, width: 10, height: 10, rx: 2 }),
      textAt(at + 16, y, 'muted', name),
    ]
  })
}
