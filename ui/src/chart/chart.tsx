/** The timeline of a run as lanes. Only rows that are in sight are drawn, so ten thousand cost what forty do. */
import { useMemo, useRef, useState } from 'preact/hooks'
import type { Timeline } from '../../../src/timeline/timeline.ts'
import { type Drawing, Patterns, ROW_HEIGHT } from './bars.tsx'
import { criticalLine } from './critical.tsx'
import { useGestures } from './gestures.ts'
import { keyAction } from './keys.ts'
import { ChartRow, rowElementId } from './row.tsx'
import { groupId, operationId, placesOf, type Row, rowsOf, treeOf } from './rows.ts'
import { Legend, Toolbar } from './toolbar.tsx'
import { type Hover, Tooltip } from './tooltip.tsx'
import { useSize } from './use-size.ts'
import { fit, pan, scaleOf, ticks, type View, zoom } from './view.ts'

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
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const [scrollTop, setScrollTop] = useState(0)
  const [cursor, setCursor] = useState(0)
  const [hover, setHover] = useState<Hover>()
  const [onlyCritical, setOnlyCritical] = useState(false)
  const tree = useMemo(() => treeOf(timeline), [timeline])
  const rows = useMemo(() => rowsOf(tree, turned), [tree, turned])
  const places = useMemo(() => placesOf(rows), [rows])

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

  const turn = (row: Row): void => {
    if (row.kind !== 'group') return
    const next = new Set(turned)
    if (!next.delete(row.id)) next.add(row.id)
    setTurned(next)
  }
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
  const foldAll = (folded: boolean): void => {
    // What is folded by itself depends on its size: from nothing turned, find those that differ.
    const asIs = allGroups(timeline, tree)
    setTurned(new Set(asIs.filter((row) => row.folded !== folded).map(({ id }) => id)))
  }
  const onHover = (row: Row | undefined, event: MouseEvent): void =>
    setHover(row === undefined ? undefined : { row, x: event.clientX, y: event.clientY })
  const placeOf = (key: string): number | undefined =>
    places.get(operationId({ kind: 'step', key })) ?? places.get(groupId(key))
  const line = criticalLine(timeline.criticalPath, placeOf, drawing, { first, last })

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
          <div
            class="chart-window"
            role="presentation"
            style={{ transform: `translateY(${first * ROW_HEIGHT}px)` }}
          >
            <svg class="chart-grid" width={width} height={(last - first) * ROW_HEIGHT} aria-hidden="true">
              {ticks(view, width - MARGIN).map(({ x }) => (
                <path
                  key={x}
                  class="grid-line"
                  d={`M${Math.round(x) + 0.5} 0V${(last - first) * ROW_HEIGHT}`}
                />
              ))}
            </svg>
            {rows.slice(first, last).map((row, index) => (
              <ChartRow
                key={row.id}
                row={row}
                place={first + index}
                drawing={drawing}
                isCursor={first + index === at}
                isSelected={row.id === selected}
                onPick={pick}
                onFold={(folding) => {
                  setCursor(first + index)
                  turn(folding)
                }}
                onHover={onHover}
              />
            ))}
            <svg class="chart-critical" width={width} height={(last - first) * ROW_HEIGHT} aria-hidden="true">
              <path class="critical-line" d={line} />
            </svg>
          </div>
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

/** Every group as a row, as it is without anybody's hand, those in folded ones too. */
function allGroups({ groups }: Timeline, tree: ReturnType<typeof treeOf>) {
  const asIs = new Map(rowsOf(tree, new Set()).map((row) => [row.id, row]))
  const all = new Set(groups.map(({ key }) => groupId(key)))
  const folded = [...asIs.values()].filter((row) => row.kind === 'group' && row.folded)
  const opened = rowsOf(tree, new Set(folded.map(({ id }) => id)))
  return opened.flatMap((row) =>
    row.kind === 'group' && all.has(row.id)
      ? [{ id: row.id, folded: (asIs.get(row.id) as { folded?: boolean } | undefined)?.folded ?? row.folded }]
      : [],
  )
}
