import type { Timeline } from '../../../src/timeline/timeline.ts'
import { type Drawing, ROW_HEIGHT } from './bars.tsx'
import { criticalLine } from './critical.tsx'
import { ChartRow } from './row.tsx'
import { groupId, operationId, type Row } from './rows.ts'
import type { Hover } from './tooltip.tsx'
import { ticks } from './view.ts'

/** The rows that are in sight: from `first`, before `last`. */
export interface Sight {
  readonly first: number
  readonly last: number
}

export interface ChartWindowProps {
  readonly timeline: Timeline
  readonly rows: readonly Row[]
  readonly places: ReadonlyMap<string, number>
  readonly sight: Sight
  readonly drawing: Drawing
  readonly cursor: number
  readonly selected: string | undefined
  onPick(row: Row): void
  onFold(row: Row, place: number): void
  onHover(hover: Hover | undefined): void
}

/** What is drawn of the rows. */
export function ChartWindow(props: ChartWindowProps) {
  const { timeline, rows, places, sight, drawing, cursor, selected, onPick, onFold, onHover } = props
  const { first, last } = sight
  const height = (last - first) * ROW_HEIGHT
  const placeOf = (key: string): number | undefined =>
    places.get(operationId({ kind: 'step', key })) ?? places.get(groupId(key))
  return (
    <div
      class="chart-window"
      role="presentation"
      style={{ transform: `translateY(${first * ROW_HEIGHT}px)` }}
    >
      <svg class="chart-grid" width={drawing.width} height={height} aria-hidden="true">
        {ticks(drawing.view, drawing.span).map(({ x }) => (
          <path key={x} class="grid-line" d={`M${Math.round(x) + 0.5} 0V${height}`} />
        ))}
      </svg>
      {rows.slice(first, last).map((row, index) => (
        <ChartRow
          key={row.id}
          row={row}
          place={first + index}
          drawing={drawing}
          isCursor={first + index === cursor}
          isSelected={row.id === selected}
          onPick={onPick}
          onFold={(folding) => onFold(folding, first + index)}
          onHover={onHover}
        />
      ))}
      <svg class="chart-critical" width={drawing.width} height={height} aria-hidden="true">
        <path class="critical-line" d={criticalLine(timeline.criticalPath, placeOf, drawing, sight)} />
      </svg>
    </div>
  )
}
