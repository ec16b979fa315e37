import type { Timeline } from '../../../timeline/timeline.ts'
import { durationText } from '../../../core/duration-text.ts'

/** Where things are, in pixels. */
export const PAGE = {
  width: 1200,
  margin: 28,
  /** Of the labels, left of the lanes. */
  label: 230,
  /** Of what is said of a lane, right of it. */
  remark: 190,
  gap: 14,
  row: 26,
  bar: 14,
} as const

/** Where the lanes begin and end. */
export const CHART: { readonly left: number; readonly right: number } = {
  left: PAGE.margin + PAGE.label + PAGE.gap,
  right: PAGE.width - PAGE.margin - PAGE.remark - PAGE.gap,
}
const CHART_WIDTH: number = CHART.right - CHART.left

/** Where a moment is. */
export class TimeScale {
  readonly #from: number
  readonly #length: number

  constructor({ run, at }: Pick<Timeline, 'run' | 'at'>) {
    this.#from = run.from
    // A run may have taken no time at all.
    this.#length = Math.max(1, at - run.from)
  }

  /** What lies outside is put to the edge. */
  x(time: number): number {
    return CHART.left + CHART_WIDTH * Math.min(1, Math.max(0, (time - this.#from) / this.#length))
  }

  /** Round figures from the beginning on: at most so many, unless even the largest step needs more. */
  ticks(most: number): { readonly x: number; readonly text: string }[] {
    const step = STEPS.find((one) => this.#length / one < most) ?? this.#length
    return Array.from({ length: Math.floor(this.#length / step) + 1 }, (_, at) => ({
      x: this.x(this.#from + at * step),
      text: at === 0 ? '0' : durationText(at * step).replace(/\.0 s$/, ' s'),
    }))
  }
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What people count in. */
const STEPS: readonly number[] = [
  [1, 2, 5, 10, 20, 50, 100, 200, 500],
  [1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  [1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  [1, 2, 3, 6, 12].map((count) => count * HOUR),
  [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map((count) => count * DAY),
].flat()
