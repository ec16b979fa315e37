/** What is drawn in a lane. */
import type { Phase, Span, TimelineGroup, TimelineOperation } from '../../../timeline/timeline.ts'
import { type Stretch, stretchOf } from '../begun.ts'
import { CHART, PAGE, type TimeScale } from './geometry.ts'
import { element } from './markup.ts'

/** A shorter bar could not be seen. */
const LEAST = 2
/** Of the steps of a crowd's outline. */
const STEP = 4

/** Classes of the style. */
export type Tone = Phase | 'done' | 'failed' | 'cancelled' | 'interrupted'

/** @param y the middle of the lane. @param at what lasts is drawn up to then */
export function operationBars(
  operation: TimelineOperation,
  scale: TimeScale,
  y: number,
  at: number,
): string[] {
  const { spans, until, from } = operation
  if (spans.length === 0) return [mark(scale.x(until ?? from), y, toneOf(operation, undefined))]
  return spans.map((span) => {
    const stretch = { from: span.from, until: span.until ?? at }
    return bar(stretch, scale, y, HEIGHTS[span.phase], toneOf(operation, span))
  })
}

const HEIGHTS: Readonly<Record<Phase, number>> = {
  running: PAGE.bar,
  waiting: 6,
  'backing-off': 3,
  queued: 3,
}

function bar({ from, until }: Stretch, scale: TimeScale, y: number, height: number, tone: Tone): string {
  const [left, right] = [scale.x(from), scale.x(until)]
  return element('rect', {
    x: Math.min(left, CHART.right - LEAST),
    y: y - height / 2,
    width: Math.max(LEAST, right - left),
    height,
    rx: height / 5,
    class: tone,
  })
}

/** How many of them were under way at once, as an outline from the bottom of the lane. */
export function crowdBars(
  members: readonly [TimelineOperation, ...TimelineOperation[]],
  scale: TimeScale,
  y: number,
  at: number,
): string[] {
  const heights = crowdHeights(members, scale, at)
  const most = heights.reduce((most, one) => Math.max(most, one), 0)
  // None has begun.
  if (most === 0) return [bar(stretchOf(members, at), scale, y, HEIGHTS.queued, 'queued')]
  const bottom = y + PAGE.bar / 2 + 2
  const parts: string[] = []
  heights.forEach((height, index) => {
    const before = index === 0 ? 0 : (heights[index - 1] ?? 0)
    const x = CHART.left + index * STEP
    const top = bottom - Math.max(1.5, (height / most) * (PAGE.bar + 4))
    if (height > 0) parts.push(`${before > 0 ? 'L' : `M${x} ${bottom}L`}${x} ${round(top)}H${x + STEP}`)
    if (height > 0 && (heights[index + 1] ?? 0) === 0) parts.push(`V${bottom}Z`)
  })
  const [first] = members
  return [element('path', { d: parts.join(''), class: toneOf(first, first.spans.at(-1)) })]
}

/** As a bracket over its members. */
export function groupBar({ from, until }: TimelineGroup, scale: TimeScale, y: number, at: number): string {
  const [left, right] = [scale.x(from), Math.max(scale.x(until ?? at), scale.x(from) + LEAST)]
  const d = `M${round(left)} ${y + 5}V${y - 1}H${round(right)}V${y + 5}H${round(right - 1.5)}V${y + 1}H${round(left + 1.5)}V${y + 5}Z`
  return element('path', { d, class: 'group' })
}

function mark(x: number, y: number, style: string): string {
  return element('circle', { cx: x, cy: y, r: 3, class: style })
}

function crowdHeights(members: readonly TimelineOperation[], scale: TimeScale, at: number): number[] {
  const columns = Math.floor((CHART.right - CHART.left) / STEP)
  const heights = Array.from({ length: columns }, () => 0)
  for (const { spans } of members)
    for (const { phase, from, until = at } of spans) {
      if (phase === 'queued') continue
      const left = (scale.x(from) - CHART.left) / STEP
      const right = (scale.x(until) - CHART.left) / STEP
      const first = Math.min(columns - 1, Math.floor(left))
      // What took no time is seen all the same.
      heights[first] = (heights[first] ?? 0) + 0.01
      for (let column = first; column < Math.min(right, columns); column++)
        heights[column] = (heights[column] ?? 0) + Math.min(column + 1, right) - Math.max(column, left)
    }
  return heights
}

/** Of each bar that is drawn. */
export function tonesOf(operation: TimelineOperation): Tone[] {
  const { spans } = operation
  return spans.length === 0 ? [toneOf(operation, undefined)] : spans.map((span) => toneOf(operation, span))
}

/** An attempt that another one followed has failed. */
function toneOf({ state, spans }: TimelineOperation, span: Span | undefined): Tone {
  if (span !== undefined && span.phase !== 'running') return span.phase
  return span === undefined || span === spans.at(-1) ? state : 'failed'
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
