/** What a lane has in each column: characters that can be told apart without colours. */
import type { CriticalSegment, Phase, TimelineOperation } from '../../timeline/timeline.ts'
import type { Style } from '../terminal.ts'

/** Where columns are in time. */
export interface Scale {
  readonly from: number
  readonly until: number
  readonly columns: number
}

export interface Cell {
  readonly character: string
  readonly style: Style | undefined
}

export const CRITICAL = '█'
export const PHASES: Readonly<Record<Phase, string>> = {
  running: '▒',
  'backing-off': '~',
  waiting: '─',
  queued: '·',
}
const LEVELS = '▁▂▃▄▅▆▇█'
const EMPTY: Cell = { character: ' ', style: undefined }

/** Which columns a time takes: at least one. */
function columnsOf(scale: Scale, from: number, until: number): readonly [first: number, last: number] {
  const width = Math.max(1, scale.until - scale.from)
  const first = Math.min(scale.columns - 1, Math.floor(((from - scale.from) * scale.columns) / width))
  const last = Math.ceil(((until - scale.from) * scale.columns) / width) - 1
  return [Math.max(0, first), Math.min(scale.columns - 1, Math.max(first, last))]
}

export function operationBar(
  operation: TimelineOperation,
  path: readonly CriticalSegment[],
  scale: Scale,
): Cell[] {
  const cells = Array.from({ length: scale.columns }, () => EMPTY)
  const fill = (from: number, until: number, cell: Cell): void => {
    const [first, last] = columnsOf(scale, from, until)
    cells.fill(cell, first, last + 1)
  }
  // What is long first, so that a short attempt is still seen beside the wait after it.
  const spans = operation.spans.toSorted(
    (a, b) => Number(a.phase === 'running') - Number(b.phase === 'running'),
  )
  for (const { phase, from, until } of spans)
    fill(from, until ?? scale.until, { character: PHASES[phase], style: styleOf(operation, phase) })
  for (const { phase, from, until } of path)
    if (phase === 'running') fill(from, until, { character: CRITICAL, style: ['bold', colourOf(operation)] })
  return cells
}

function styleOf(operation: TimelineOperation, phase: Phase): Style {
  if (phase === 'running') return colourOf(operation)
  return phase === 'backing-off' ? 'yellow' : phase === 'waiting' ? 'blue' : 'gray'
}

export function colourOf({ state }: TimelineOperation): 'green' | 'red' | 'gray' | 'yellow' | 'cyan' {
  if (state === 'done') return 'green'
  if (state === 'failed') return 'red'
  if (state === 'cancelled') return 'gray'
  return state === 'interrupted' || state === 'backing-off' ? 'yellow' : 'cyan'
}

/** How many of several were under way, as a height. */
export function crowdBar(members: readonly TimelineOperation[], scale: Scale): Cell[] {
  const width = (scale.until - scale.from) / scale.columns
  const busy = Array.from({ length: scale.columns }, () => 0)
  for (const { spans } of members)
    for (const { phase, from, until = scale.until } of spans) {
      if (phase === 'queued') continue
      const [first, last] = columnsOf(scale, from, until)
      for (let at = first; at <= last; at++) {
        const begin = scale.from + at * width
        const part = Math.min(until, begin + width) - Math.max(from, begin)
        busy[at] = (busy[at] ?? 0) + (width <= 0 ? 1 : Math.max(part / width, 1 / members.length))
      }
    }
  const most = Math.max(...busy)
  const [first] = members
  const style = first === undefined ? undefined : colourOf(first)
  return busy.map((each) =>
    each === 0
      ? EMPTY
      : { character: LEVELS[Math.max(0, Math.ceil((each / most) * LEVELS.length) - 1)] ?? '█', style },
  )
}
