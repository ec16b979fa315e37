import type { ApiOperation } from '../../../src/server/api.ts'
import type { TimelineOperation } from '../../../src/timeline/timeline.ts'
import { count, duration, plural } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Status } from '../parts/status.tsx'
import { type Drawing, GroupBars, OperationBars, ROW_HEIGHT } from './bars.tsx'
import { type GroupRow, labelOf, type Row } from './rows.ts'
import type { Hover } from './tooltip.tsx'
import { shownName } from '../parts/shown.ts'

export interface RowProps {
  readonly row: Row
  readonly place: number
  readonly drawing: Drawing
  readonly isCursor: boolean
  readonly isSelected: boolean
  onPick(row: Row): void
  onFold(row: Row): void
  onHover(hover: Hover | undefined): void
}

export const rowElementId = (place: number): string => `row-${place}`

export function ChartRow({ row, place, drawing, isCursor, isSelected, onPick, onFold, onHover }: RowProps) {
  const isGroup = row.kind === 'group'
  return (
    <div
      class={`row ${row.kind}${isCursor ? ' cursor' : ''}${isSelected ? ' selected' : ''}`}
      role="treeitem"
      id={rowElementId(place)}
      aria-level={row.depth + 1}
      aria-selected={isSelected}
      aria-label={sentenceOf(row, drawing.now)}
      {...(isGroup && { 'aria-expanded': !row.folded })}
      onClick={() => (isGroup ? onFold(row) : onPick(row))}
      onPointerMove={({ pointerType, clientX: x, clientY: y }) =>
        pointerType === 'mouse' && onHover({ row, x, y })
      }
      onPointerLeave={() => onHover(undefined)}
    >
      <div class="row-label" style={{ paddingLeft: `${10 + Math.min(row.depth, 6) * 14}px` }}>
        {isGroup ? <GroupLabel row={row} /> : <OperationLabel operation={row.operation} />}
      </div>
      <svg class="row-bars" width={drawing.width} height={ROW_HEIGHT} aria-hidden="true">
        {isGroup ? (
          <GroupBars row={row} drawing={drawing} />
        ) : (
          <OperationBars operation={row.operation} drawing={drawing} />
        )}
      </svg>
    </div>
  )
}

function GroupLabel({ row: { group, folded, inside } }: { row: GroupRow }) {
  const ended = inside.reduce((sum, { until }) => sum + (until === undefined ? 0 : 1), 0)
  const size = Math.max(group.size, inside.length)
  return (
    <>
      <span class={folded ? 'twist' : 'twist open'}>
        <Icon name="chevron" />
      </span>
      <span class="row-name">{group.name === '' ? group.kind : shownName(group.name)}</span>
      <span class="row-note">
        {ended < size
          ? `${count(ended)} of ${count(size)}`
          : `× ${count(group.size === 0 ? size : group.size)}`}
      </span>
    </>
  )
}

function OperationLabel({ operation }: { operation: TimelineOperation | ApiOperation }) {
  const { state, kind, attempts, critical } = operation
  return (
    <>
      <Status of={state} bare />
      <span class={critical ? 'row-name critical' : 'row-name'}>
        {kind === 'compensation' && <span class="row-kind">undo </span>}
        {shownName(labelOf(operation))}
      </span>
      {attempts > 1 && <span class="row-note"> {attempts} attempts</span>}
    </>
  )
}

/** For those who hear the chart. */
function sentenceOf(row: Row, now: number): string {
  if (row.kind === 'group') {
    const { group, inside } = row
    const limit = group.limit === undefined ? '' : `, at most ${group.limit} at once`
    return `${group.kind} ${shownName(group.name)}, ${plural(inside.length, 'operation')}${limit}, ${duration((group.until ?? now) - group.from)}`
  }
  const { kind, state, from, until, attempts, critical } = row.operation
  const parts = [`${kind} ${shownName(labelOf(row.operation))}`]
  if (attempts > 1) parts.push(plural(attempts, 'attempt')) // next to the name, as it is on the screen
  parts.push(state, duration((until ?? now) - from))
  if (critical) parts.push('on the critical path')
  return parts.join(', ')
}
