import { ticks, type View } from './view.ts'

/** @param left of the bars */
export function Axis({ view, width, left }: { view: View; width: number; left: number }) {
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
