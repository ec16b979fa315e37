/** The timeline of a run as lanes. */
import { useRef, useState } from 'preact/hooks'
import type { Timeline } from '../../../src/timeline/timeline.ts'
import { Axis } from './axis.tsx'
import { type Drawing, Patterns } from './bars.tsx'
import { useGestures } from './gestures.ts'
import { Lanes } from './lanes.tsx'
import { Legend, Toolbar } from './toolbar.tsx'
import { useRows } from './use-rows.ts'
import { useSize } from './use-size.ts'
import { useTimeView } from './use-time-view.ts'
import { scaleOf } from './view.ts'

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
  const [onlyCritical, setOnlyCritical] = useState(false)
  const lanes = useRows(timeline)
  const labels = size.width < 640 ? Math.max(118, size.width * 0.36) : Math.min(300, size.width * 0.26)
  const width = Math.max(60, size.width - labels)
  const span = width - MARGIN
  const start = timeline.run.from
  const time = useTimeView(Math.max(1, now - start), span)
  const drawing: Drawing = { scale: scaleOf(time.view, span), view: time.view, width, span, start, now }
  useGestures(scroller, labels, time)
  return (
    <section class={onlyCritical ? 'chart only-critical' : 'chart'} aria-label="Timeline">
      <Patterns />
      <Toolbar
        onlyCritical={onlyCritical}
        hasGroups={timeline.groups.length > 0}
        onZoom={(factor) => time.zoom(width / 2, factor)}
        onFit={time.fit}
        onCritical={() => setOnlyCritical(!onlyCritical)}
        onFoldAll={lanes.foldAll}
      />
      <Axis view={time.view} width={span} left={labels} />
      <Lanes {...{ timeline, scroller, size, labels, lanes, time, drawing, selected, onSelect }} />
      <Legend />
    </section>
  )
}
