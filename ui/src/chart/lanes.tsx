/** The part of the chart that scrolls: a tree of rows, operated by pointer and keys. Only rows in sight are drawn. */
import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'
import type { Timeline } from '../../../src/timeline/timeline.ts'
import { type Drawing, ROW_HEIGHT } from './bars.tsx'
import { keyAction } from './keys.ts'
import { rowElementId } from './row.tsx'
import type { Row } from './rows.ts'
import { type Hover, Tooltip } from './tooltip.tsx'
import type { Rows } from './use-rows.ts'
import type { Size } from './use-size.ts'
import type { TimeView } from './use-time-view.ts'
import { ChartWindow } from './window.tsx'

/** Rows beyond the edges, so that fast scrolling shows no gaps. */
const BEYOND = 6

export interface LanesProps {
  readonly timeline: Timeline
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly size: Size
  /** Width of the labels. */
  readonly labels: number
  readonly lanes: Rows
  readonly time: TimeView
  readonly drawing: Drawing
  readonly selected: string | undefined
  onSelect(id: string | undefined): void
}

export function Lanes(props: LanesProps) {
  const { timeline, scroller, size, labels, lanes, drawing, selected } = props
  const { rows, places } = lanes
  const [scrollTop, setScrollTop] = useState(0)
  const [hover, setHover] = useState<Hover>()
  const { cursor, setCursor, pick, fold, onKeyDown } = useCursor(props)
  const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - BEYOND)
  const last = Math.min(rows.length, Math.ceil((scrollTop + size.height) / ROW_HEIGHT) + BEYOND)
  const isInSight = cursor >= first && cursor < last
  return (
    <>
      <div
        class="chart-scroll"
        ref={scroller}
        role="tree"
        tabIndex={0}
        aria-label="Operations of the run"
        {...(isInSight && { 'aria-activedescendant': rowElementId(cursor) })}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          setScrollTop(event.currentTarget.scrollTop)
          setHover(undefined)
        }}
      >
        <div
          class="chart-rows"
          role="presentation"
          style={{ height: `${rows.length * ROW_HEIGHT}px`, '--labels': `${labels}px` }}
        >
          <ChartWindow
            timeline={timeline}
            rows={rows}
            places={places}
            sight={{ first, last }}
            drawing={drawing}
            cursor={cursor}
            selected={selected}
            onPick={pick}
            onFold={(row, place) => {
              setCursor(place)
              fold(row)
            }}
            onHover={setHover}
          />
        </div>
        {rows.length === 0 && <p class="chart-empty">No operation has begun.</p>}
      </div>
      {hover !== undefined && <Tooltip hover={hover} start={drawing.start} now={drawing.now} />}
    </>
  )
}

/** The row that the keys are about, and what they do. */
function useCursor({ scroller, size, lanes, time, drawing, selected, onSelect }: LanesProps) {
  const { rows, places, turn } = lanes
  const [chosen, setCursor] = useState(0)
  const cursor = Math.min(chosen, rows.length - 1)
  const goTo = (place: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, place))
    setCursor(next)
    reveal(scroller.current, next)
  }
  const pick = (row: Row): void => {
    setCursor(places.get(row.id) ?? 0)
    onSelect(row.id === selected ? undefined : row.id)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[cursor]
    const page = Math.max(1, Math.floor(size.height / ROW_HEIGHT) - 2)
    const action = keyAction(event, { row, at: cursor, rows, page })
    if (action === undefined) return
    event.preventDefault()
    if (action.kind === 'go') goTo(action.place)
    else if (action.kind === 'zoom') time.zoom(drawing.width / 2, action.factor)
    else if (action.kind === 'pan') time.pan((action.by * drawing.width) / 8)
    else if (action.kind === 'fit') time.fit()
    else if (action.kind === 'leave') onSelect(undefined)
    else if (row?.kind === 'group') turn(row)
    else if (row !== undefined) pick(row)
  }
  return { cursor, setCursor, pick, fold: turn, onKeyDown }
}

function reveal(scroller: HTMLElement | null, place: number): void {
  if (scroller === null) return
  const top = place * ROW_HEIGHT
  if (top < scroller.scrollTop) scroller.scrollTop = top
  else if (top + ROW_HEIGHT > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = top + ROW_HEIGHT - scroller.clientHeight
}
