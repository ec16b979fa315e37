/** What is drawn in one row: told apart by form and pattern, and by colour besides. */
import type { ScaleLinear } from 'd3-scale'
import type { TimelineOperation, Span } from '../../../src/timeline/timeline.ts'
import { areaOf, densityOf } from './density.ts'
import type { GroupRow } from './rows.ts'
import type { View } from './view.ts'

export const ROW_HEIGHT = 30
const MIDDLE = ROW_HEIGHT / 2
/** Units of width of one column of a folded group. */
const COLUMN = 3

export interface Drawing {
  readonly scale: ScaleLinear<number, number>
  readonly view: View
  readonly width: number
  /** Of it, what the view takes: after that there is room for marks. */
  readonly span: number
  /** Of the run, milliseconds since the epoch. */
  readonly start: number
  readonly now: number
}

/** Patterns that every row refers to, drawn once. */
export function Patterns() {
  return (
    <svg class="patterns" aria-hidden="true">
      <defs>
        <pattern
          id="waiting"
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect class="waiting-ground" width="6" height="6" />
          <rect class="waiting-line" width="1.6" height="6" />
        </pattern>
        <pattern
          id="failed"
          width="5"
          height="5"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(-45)"
        >
          <rect class="failed-ground" width="5" height="5" />
          <rect class="failed-line" width="1.5" height="5" />
        </pattern>
        <pattern id="cancelled" width="5" height="5" patternUnits="userSpaceOnUse">
          <rect class="cancelled-ground" width="5" height="5" />
          <path class="cancelled-line" d="M0 0 5 5M5 0 0 5" />
        </pattern>
      </defs>
    </svg>
  )
}

export function OperationBars({ operation, drawing }: { operation: TimelineOperation; drawing: Drawing }) {
  const { spans } = operation
  return (
    <g class={operation.critical ? 'bars critical' : 'bars'}>
      {spans.map((span, index) => (
        <Bar
          key={index}
          span={span}
          look={lookOf(operation, index)}
          isLive={span.until === undefined}
          drawing={drawing}
        />
      ))}
      <EndMark operation={operation} drawing={drawing} />
    </g>
  )
}

/** How a span looks: of an attempt, how it ended. */
function lookOf({ spans, state }: TimelineOperation, index: number): string {
  const span = spans[index]
  if (span === undefined || span.phase !== 'running') {
    const isLast = index === spans.length - 1
    return isLast && state === 'cancelled' && span?.phase === 'waiting'
      ? 'cancelled'
      : (span?.phase ?? 'queued')
  }
  if (index < spans.length - 1) return 'failed'
  if (state === 'done' || state === 'failed' || state === 'cancelled') return state
  return state === 'interrupted' ? 'cancelled' : 'running'
}

const FORMS: Readonly<Record<string, readonly [height: number, radius: number]>> = {
  queued: [6, 3],
  'backing-off': [2, 0],
  waiting: [10, 3],
}

function Bar(props: { span: Span; look: string; isLive: boolean; drawing: Drawing }) {
  const { span, look, isLive, drawing } = props
  const from = at(drawing, span.from)
  const until = at(drawing, span.until ?? drawing.now)
  if (until < -4 || from > drawing.width + 4) return null
  const x = Math.max(from, -8)
  const width = Math.max(2, Math.min(until, drawing.width + 8) - x)
  const [height, radius] = FORMS[look] ?? [16, 3.5]
  const name = `bar ${look}${isLive ? ' live' : ''}`
  if (look === 'backing-off') return <path class={name} d={`M${x} ${MIDDLE}h${width}`} />
  return (
    <rect
      class={name}
      x={x}
      y={MIDDLE - height / 2}
      width={width}
      height={height}
      rx={Math.min(radius, width / 2)}
    />
  )
}

/** After the end of what did not go well. */
function EndMark({ operation, drawing }: { operation: TimelineOperation; drawing: Drawing }) {
  const { state, until, spans } = operation
  if (spans.length === 0 || (state !== 'failed' && state !== 'cancelled' && state !== 'interrupted'))
    return null
  const x = Math.max(at(drawing, until ?? drawing.now), at(drawing, spans[0]?.from ?? 0) + 2) + 9
  if (x < 0 || x > drawing.width + 9) return null
  const d =
    state === 'failed'
      ? `M${x - 4} ${MIDDLE - 4}l8 8m0 -8l-8 8`
      : state === 'cancelled'
        ? `M${x} ${MIDDLE - 4.5}a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0 -9m-3.2 7.7l6.4 -6.4`
        : `M${x} ${MIDDLE - 5}v6m0 3v.5`
  return <path class={`mark mark-${state}`} d={d} />
}

export function GroupBars({ row, drawing }: { row: GroupRow; drawing: Drawing }) {
  const { group, folded, inside } = row
  const from = at(drawing, group.from)
  const until = Math.max(from + 2, at(drawing, group.until ?? drawing.now))
  const name = group.critical ? 'bracket critical' : 'bracket'
  if (!folded) return <path class={name} d={`M${from} ${MIDDLE + 6}v-6H${until}v6`} />
  const { start, now, view, span } = drawing
  const columns = Math.max(1, Math.ceil(span / COLUMN))
  const { most, running, failed } = densityOf(inside, { start, now, view, columns })
  const top = Math.max(most, 1)
  return (
    <g class={group.until === undefined ? 'density live' : 'density'}>
      <path class="density-ground" d={`M${from} ${ROW_HEIGHT - 4.5}H${until}`} />
      <path class="density-running" d={areaOf(running, top, span, ROW_HEIGHT - 5, ROW_HEIGHT - 10)} />
      <path class="density-failed" d={areaOf(failed, top, span, ROW_HEIGHT - 5, ROW_HEIGHT - 10)} />
    </g>
  )
}

function at({ scale, start }: Drawing, moment: number): number {
  return scale(moment - start)
}
