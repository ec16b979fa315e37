import { fitted, padded, widthOf } from './width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** May be cut down to this many columns when the terminal is too narrow, those with the highest `first` before others. */
  readonly least?: number
  readonly cutFirst?: number
}

const GAP = 2

/**
 * @param width columns of the terminal; undefined when nobody looks at it, so nothing is cut
 * @param style applied to finished cells, so that it cannot disturb their widths
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
  style: (cell: string, column: number, row: number | 'title') => string = (cell) => cell,
): string[] {
  const widths = columnWidths(columns, rows, width)
  const line = (cells: readonly string[], row: number | 'title'): string =>
    cells
      .map((cell, at) => style(place(cell, widths[at] ?? 0, columns[at], at === cells.length - 1), at, row))
      .join(' '.repeat(GAP))
      .trimEnd()
  return [
    line(
      columns.map(({ title }) => title),
      'title',
    ),
    ...rows.map(line),
  ]
}

function place(cell: string, width: number, column: Column | undefined, last: boolean): string {
  const text = fitted(cell, width)
  if (column?.align === 'right') return ' '.repeat(Math.max(0, width - widthOf(text))) + text
  return last ? text : padded(text, width)
}

function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): number[] {
  const widths = columns.map(({ title }) => widthOf(title))
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))))
  if (width === undefined) return widths
  let excess = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width
  const byPatience = columns
    .map((column, at) => ({ ...column, at }))
    .sort((a, b) => (b.cutFirst ?? 0) - (a.cutFirst ?? 0))
  for (const { at, least } of byPatience) {
    if (least === undefined || excess <= 0) continue
    const cut = Math.min(excess, Math.max(0, (widths[at] ?? 0) - least))
    widths[at] = (widths[at] ?? 0) - cut
    excess -= cut
  }
  return widths
}
