/** The timeline of a run as lanes. Only rows that are in sight are drawn, so ten thousand cost what forty do. */
import { useRef, useState } from 'preact/hooks'
import type { Timeline } from '../../../src/timeline/timeline.ts'
import { type Drawing, Patterns, ROW_HEIGHT } from './bars.tsx'
import { useGestures } from './gestures.ts'
import { keyAction } from './keys.ts'
import { rowElementId } from './row.tsx'
import type { Row } from './rows.ts'
import { Legend, Toolbar } from './toolbar.tsx'
import { type Hover, Tooltip } from './tooltip.tsx'
import { useRows } from './use-rows.ts'
import { useSize } from './use-size.ts'
import { fit, pan, scaleOf, ticks, type View, zoom } from './view.ts'
import { ChartWindow } from './window.tsx'

/** Rows beyond the edges, so that fast scrolling shows no gaps. */
const BEYOND = 6
/** Space after the end for what is written there. */
const MARGIN = 28

export interface ChartProps {
  readonly timeline: Timeline
  /** End of what has not ended, milliseconds since the epoch. */
  readonly now: number
  readonly selected: string | undefined
  onSelect(id: string | undefined): void
}

export function Chart({ timeline, now, selected, onSelect }: ChartProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const size = useSize(scroller)
  const [scrollTop, setScrollTop] = useState(0)
  const [cursor, setCursor] = useState(0)
  const [hover, setHover] = useState<Hover>()
  const [onlyCritical, setOnlyCritical] = useState(false)
  const { rows, places, turn, foldAll } = useRows(timeline)

  const labels = size.width < 640 ? Math.max(118, size.width * 0.36) : Math.min(300, size.width * 0.26)
  const width = Math.max(60, size.width - labels)
  const start = timeline.run.from
  const total = Math.max(1, now - start)
  const time = useTimeView(total, width - MARGIN)
  const { view } = time
  const drawing: Drawing = { scale: scaleOf(view, width - MARGIN), view, width, start, now }
  useGestures(scroller, labels, time)

  const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - BEYOND)
  const last = Math.min(rows.length, Math.ceil((scrollTop + size.height) / ROW_HEIGHT) + BEYOND)
  const at = Math.min(cursor, rows.length - 1)

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
    const row = rows[at]
    const action = keyAction(event, {
      row,
      at,
      rows,
      page: Math.max(1, Math.floor(size.height / ROW_HEIGHT) - 2),
    })
    if (action === undefined) return
    event.preventDefault()
    if (action.kind === 'go') goTo(action.place)
    else if (action.kind === 'zoom') time.zoom(width / 2, action.factor)
    else if (action.kind === 'pan') time.pan((action.by * width) / 8)
    else if (action.kind === 'fit') time.fit()
    else if (row !== undefined && action.kind === 'fold') turn(row)
    else if (row?.kind === 'group') turn(row)
    else if (row !== undefined) pick(row)
  }
  const onHover = (row: Row | undefined, event: MouseEvent): void =>
    setHover(row === undefined ? undefined : { row, x: event.clientX, y: event.clientY })

  return (
    <section class={onlyCritical ? 'chart only-critical' : 'chart'} aria-label="Timeline">
      <Patterns />
      <Toolbar
        onlyCritical={onlyCritical}
        hasGroups={timeline.groups.length > 0}
        onZoom={(factor) => time.zoom(width / 2, factor)}
        onFit={time.fit}
        onCritical={() => setOnlyCritical(!onlyCritical)}
        onFoldAll={foldAll}
      />
      <Axis view={view} width={width - MARGIN} left={labels} />
      <div
        class="chart-scroll"
        ref={scroller}
        role="tree"
        tabIndex={0}
        aria-label="Operations of the run"
        {...(rows.length > 0 && at >= first && at < last && { 'aria-activedescendant': rowElementId(at) })}
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
            span={width - MARGIN}
            cursor={at}
            selected={selected}
            onPick={pick}
            onFold={(row, place) => {
              setCursor(place)
              turn(row)
            }}
            onHover={onHover}
          />
        </div>
        {rows.length === 0 && <p class="chart-empty">No operation has begun yet.</p>}
      </div>
      <Legend />
      {hover !== undefined && <Tooltip hover={hover} start={start} now={now} />}
    </section>
  )
}

/** All of the time until somebody looks closer; all again when they ask for it. */
function useTimeView(total: number, width: number) {
  const [chosen, setChosen] = useState<View>()
  const view = chosen ?? fit(total)
  const change = (next: View): void => setChosen(next.until - next.from >= total ? undefined : next)
  const perPixel = (view.until - view.from) / width
  return {
    view,
    zoom: (x: number, factor: number): void => change(zoom(view, factor, view.from + x * perPixel, total)),
    pan: (pixels: number): void => change(pan(view, pixels * perPixel, total)),
    fit: (): void => setChosen(undefined),
  }
}

function Axis({ view, width, left }: { view: View; width: number; left: number }) {
  return (
    <svg class="chart-axis" height="26" aria-hidden="true">
      <g transform={`translate(${left} 0)`}>
        {ticks(view, width).map(({ x, text }) => (
          <text key={text} x={x} y="17" text-anchor={x < 14 ? 'start' : 'middle'}>
            {text}
          </text>
        ))}
      </g>
    </svg>
  )
}

function reveal(scroller: HTMLElement | null, place: number): void {
  if (scroller === null) return
  const top = place * ROW_HEIGHT
  if (top < scroller.scrollTop) scroller.scrollTop = top
  else if (top + ROW_HEIGHT > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = top + ROW_HEIGHT - scroller.clientHeight
}
