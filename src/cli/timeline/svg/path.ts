/** The critical path: along the lanes that it runs in, and from one to the next. */
import type { CriticalSegment, Timeline } from '../../../timeline/timeline.ts'
import { stretchOf } from '../begun.ts'
import type { Lane } from '../lanes.ts'
import { PAGE, type TimeScale } from './geometry.ts'
import { element } from './markup.ts'

/** @param middles of the lanes, in their order */
export function criticalLines(
  timeline: Timeline,
  lanes: readonly Lane[],
  middles: readonly number[],
  scale: TimeScale,
): string[] {
  const homes = homesOf(lanes, middles, timeline.at)
  let along = ''
  let between = ''
  let last: { readonly x: number; readonly y: number } | undefined
  for (const segment of timeline.criticalPath) {
    const y = homeOf(segment, homes)
    const [left, right] = [scale.x(segment.from), scale.x(segment.until)]
    if (y === undefined) continue
    if (last !== undefined && (last.y !== y || left - last.x > 1))
      between += `M${round(last.x)} ${last.y}L${round(left)} ${last.y}V${y}`
    along += `M${round(left)} ${y}H${round(Math.max(right, left + 0.5))}`
    last = { x: Math.max(right, left), y }
  }
  return [
    ...(between === '' ? [] : [element('path', { d: between, class: 'handover' })]),
    ...(along === '' ? [] : [element('path', { d: along, class: 'path' })]),
  ]
}

interface Home {
  readonly from: number
  readonly until: number
  readonly y: number
}

function homesOf(lanes: readonly Lane[], middles: readonly number[], at: number): Map<string, Home[]> {
  const homes = new Map<string, Home[]>()
  lanes.forEach((lane, index) => {
    if (lane.kind === 'group') return
    const y = (middles[index] ?? 0) + PAGE.bar / 2 + 3
    for (const operation of lane.members) {
      if (!operation.critical) continue
      const home = { from: operation.from, until: stretchOf([operation], at).until, y }
      const known = homes.get(operation.key)
      if (known === undefined) homes.set(operation.key, [home])
      else known.push(home)
    }
  })
  return homes
}

/** A compensation has the key of its step: they are told apart by when they ran. */
function homeOf(
  { key, from, until }: CriticalSegment,
  homes: ReadonlyMap<string, Home[]>,
): number | undefined {
  const found = key === undefined ? [] : (homes.get(key) ?? [])
  return (found.find((home) => home.from <= from && until <= home.until) ?? found[0])?.y
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
