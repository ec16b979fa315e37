/** What is said of several measurements of one thing: the middle, and how far they lie apart. */
export interface Summary {
  readonly median: number
  readonly least: number
  readonly most: number
  /** How many measurements it sums up. */
  readonly of: number
}

/** @throws TypeError when there is nothing to sum up. */
export function summary(numbers: readonly number[]): Summary {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [least, most] = [sorted.at(0), sorted.at(-1)]
  if (least === undefined || most === undefined || sorted.some(Number.isNaN))
    throw new TypeError(`cannot sum up [${numbers.join(', ')}]: expected at least one number`)
  return { median: middle(sorted), least, most, of: sorted.length }
}

export const median = (numbers: readonly number[]): number => summary(numbers).median

function middle(sorted: readonly number[]): number {
  const upper = sorted.length >> 1
  const [below = Number.NaN, above = Number.NaN] = [sorted[upper - 1], sorted[upper]]
  return sorted.length % 2 === 1 ? above : (below + above) / 2
}

/** As it is printed: no more digits than a measurement has. */
export function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}
