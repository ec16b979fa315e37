import { type Summary, summary } from '../statistics.ts'

/** What a script prints, a line each. */
export interface Figure {
  readonly series: string
  readonly x: number
  readonly value: number
  readonly unit: string
}

export interface Point extends Summary {
  readonly x: number
}

/** The figures of all rounds, and what they come to. */
export class Figures {
  readonly #series = new Map<string, { readonly unit: string; readonly at: Map<number, number[]> }>()

  add({ series, x, value, unit }: Figure): void {
    const known = this.#series.get(series) ?? { unit, at: new Map<number, number[]>() }
    this.#series.set(series, known)
    const values = known.at.get(x) ?? []
    known.at.set(x, values)
    values.push(value)
  }

  get names(): readonly string[] {
    return [...this.#series.keys()]
  }

  unit(series: string): string {
    return this.#series.get(series)?.unit ?? ''
  }

  /** By `x`, the smallest first; none for a series that was not measured. */
  points(series: string): readonly Point[] {
    const at = this.#series.get(series)?.at ?? new Map<number, number[]>()
    return [...at].map(([x, values]) => ({ x, ...summary(values) })).toSorted((a, b) => a.x - b.x)
  }

  median(series: string, x: number): number | undefined {
    return this.points(series).find((point) => point.x === x)?.median
  }

  toJSON(): readonly object[] {
    return this.names.map((series) => ({ series, unit: this.unit(series), points: this.points(series) }))
  }
}

/**
 * @param printed JSON lines
 * @returns one figure of each series and size: of a script that measures a thing twice the worse stop of the event loop, and
 * otherwise the later figure, which is the warm one
 * @throws Error for a line that is not a figure
 */
export function figuresIn(printed: string): readonly Figure[] {
  const found = new Map<string, Figure>()
  for (const line of printed.trim().split('\n')) {
    const figure = JSON.parse(line) as Figure
    if (typeof figure.series !== 'string' || !Number.isFinite(figure.x) || !Number.isFinite(figure.value))
      throw new Error(`expected { series, x, value, unit }, got ${line}`)
    const name = `${figure.series} ${figure.x}`
    const before = found.get(name)?.value ?? 0
    const value = /longest stop of the event loop|most processor time in one turn/.test(figure.series)
      ? Math.max(before, figure.value)
      : figure.value
    found.set(name, { ...figure, value })
  }
  return [...found.values()]
}
