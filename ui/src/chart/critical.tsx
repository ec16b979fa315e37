/** The critical path: one line below the bars that it runs through, from one to the next. */
import type { CriticalSegment } from '../../../src/timeline/timeline.ts'
import { type Drawing, ROW_HEIGHT } from './bars.tsx'

const BELOW = ROW_HEIGHT - 3.5

export interface Shown {
  readonly first: number
  readonly last: number
}

/**
 * @param placeOf the row in which an operation is shown. The run's own code between two stays in the row of the one before
 */
export function criticalLine(
  segments: readonly CriticalSegment[],
  placeOf: (key: string) => number | undefined,
  { scale, start, width }: Drawing,
  { first, last }: Shown,
): string {
  let line = ''
  let previous: number | undefined
  for (const { key, from, until } of segments) {
    const place = (key === undefined ? undefined : placeOf(key)) ?? previous
    if (place === undefined) continue
    const x1 = clamp(scale(from - start), width)
    const x2 = Math.max(clamp(scale(until - start), width), x1)
    const near = Math.max(place, previous ?? place) >= first && Math.min(place, previous ?? place) <= last
    if (near) {
      const y = (place - first) * ROW_HEIGHT + BELOW
      const y0 = ((previous ?? place) - first) * ROW_HEIGHT + BELOW
      line += previous !== undefined && previous !== place ? `M${x1} ${y0}V${y}H${x2}` : `M${x1} ${y}H${x2}`
    }
    previous = place
  }
  return line
}

const clamp = (x: number, width: number): number => Math.round(Math.max(-4, Math.min(width + 4, x)) * 10) / 10
