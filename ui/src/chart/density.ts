/** A folded group: how many of its operations were under way at each moment of the view. */
import type { TimelineOperation } from '../../../src/timeline/timeline.ts'
import type { View } from './view.ts'

export interface Density {
  /** Most operations that ran or waited at once in one column, all columns looked at. */
  readonly most: number
  readonly running: Float64Array
  readonly failed: Float64Array
}

/**
 * @param start of the run, milliseconds since the epoch
 * @param now end of what has not ended
 */
export function densityOf(
  operations: readonly TimelineOperation[],
  { start, now, view, columns }: { start: number; now: number; view: View; columns: number },
): Density {
  const running = new Float64Array(columns + 1)
  const failed = new Float64Array(columns + 1)
  const perColumn = (view.until - view.from) / columns
  const columnOf = (at: number): number => (at - start - view.from) / perColumn
  for (const { spans, state } of operations)
    for (const span of spans) {
      if (span.phase === 'queued' || span.phase === 'backing-off') continue
      const from = columnOf(span.from)
      const until = Math.max(columnOf(span.until ?? now), from + 0.02)
      spread(running, from, until)
      if (state === 'failed') spread(failed, from, until)
    }
  const sums = { running: summed(running), failed: summed(failed) }
  return { ...sums, most: sums.running.reduce((most, each) => Math.max(most, each), 0) }
}

/** Adds 1 to each column from `from` to `until`, as differences; parts of columns by their part. */
function spread(differences: Float64Array, from: number, until: number): void {
  const columns = differences.length - 1
  if (until <= 0 || from >= columns) return
  const first = Math.max(0, from)
  const last = Math.min(columns, until)
  step(differences, first, 1)
  step(differences, last, -1)
}

function step(differences: Float64Array, at: number, by: number): void {
  const column = Math.floor(at)
  const part = at - column
  if (column < differences.length) differences[column] = (differences[column] ?? 0) + by * (1 - part)
  if (column + 1 < differences.length) differences[column + 1] = (differences[column + 1] ?? 0) + by * part
}

function summed(differences: Float64Array): Float64Array {
  let sum = 0
  return differences.subarray(0, -1).map((each) => (sum += each))
}

/** A filled outline of the counts, as the path of an SVG. */
export function areaOf(
  counts: Float64Array,
  most: number,
  width: number,
  bottom: number,
  height: number,
): string {
  if (most <= 0) return ''
  const column = width / counts.length
  const points = Array.from(counts, (each, index) => {
    const y = (bottom - (Math.max(0, each) / most) * height).toFixed(1)
    return `L${(index * column).toFixed(1)} ${y}H${((index + 1) * column).toFixed(1)}`
  })
  return `M0 ${bottom}${points.join('')}V${bottom}Z`
}
