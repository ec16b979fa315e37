/** A run under way, as lines that fit a terminal. */
import type { Timeline } from '../../timeline/timeline.ts'
import { STATUS_STYLES } from '../runs/summary.ts'
import { printable } from '../text/printable.ts'
import { plural } from '../text/units.ts'
import { fitted } from '../text/width.ts'
import { type Canvas, laneLines, wrapped } from '../timeline/draw.ts'
import { type Lane, lanesOf } from '../timeline/lanes.ts'
import { pathLine, totalsLine } from '../timeline/summary.ts'

/** What is not a lane: the run, its totals, the times, what is left out, and a line each side of the critical path. */
const OTHER_LINES = 6
/** Of the critical path. */
const MOST_PATH = 3

/** At most `rows` lines, of at most the canvas's columns. */
export function pictureOf(timeline: Timeline, canvas: Canvas, rows: number): string[] {
  const { run, criticalPath } = timeline
  const status = run.status === 'pending' ? 'running' : run.status
  const name = [run.workflow, run.id]
    .flatMap((part) => (part === undefined ? [] : [printable(part)]))
    .join(' ')
  const path = criticalPath.length === 0 ? [] : wrapped(pathLine(timeline), canvas.width).slice(0, MOST_PATH)
  const lanes = lanesOf(timeline, false)
  const shown = mostTelling(lanes, Math.max(1, rows - OTHER_LINES - path.length))
  const hidden = lanes.length - shown.length
  const lines = [
    `${canvas.styled('bold', fitted(name, Math.max(1, canvas.width - status.length - 3)))} · ${canvas.styled(STATUS_STYLES[status], status)}`,
    fitted(totalsLine(timeline), canvas.width),
    ...(lanes.length === 0 ? [] : laneLines(timeline, shown, canvas)),
    ...(hidden === 0 ? [] : [`… ${plural(hidden, 'more lane')}`]),
    ...(path.length === 0 ? [] : ['', ...path]),
  ]
  return lines.slice(0, rows)
}

/** In their order: what is under way before what went wrong, before what decides the total, before what ended last. */
function mostTelling(lanes: readonly Lane[], most: number): readonly Lane[] {
  if (lanes.length <= most) return lanes
  const weights = new Map(lanes.map((lane, at) => [lane, weightOf(lane) + at / lanes.length]))
  const kept = new Set(lanes.toSorted((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0)).slice(0, most))
  return lanes.filter((lane) => kept.has(lane))
}

function weightOf(lane: Lane): number {
  if (lane.kind === 'group') return lane.group.until === undefined ? 4 : 0
  const [{ state, until }] = lane.members
  if (until === undefined && state !== 'queued') return 5
  if (state === 'failed') return 3
  return lane.members.some(({ critical }) => critical) ? 2 : 1
}
