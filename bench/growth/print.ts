import type { Figure } from './figures.ts'

/** One line of JSON: what `figuresIn` reads. */
export function print(series: Figure['series'], x: number, value: number, unit: string): void {
  console.log(JSON.stringify({ series, x, value: Number(value.toPrecision(4)), unit } satisfies Figure))
}
