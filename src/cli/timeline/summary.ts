/** A timeline in a few lines: what the whole took, and why. */
import { durationText } from '../../core/duration-text.ts'
import type { CriticalSegment, Timeline } from '../../timeline/timeline.ts'
import { printable } from '../text/printable.ts'
import { pattern, visible } from './lanes.ts'

/** Shorter than that, and nobody wants to know why. */
const WORTH_TELLING = 100

/** Stations of the critical path that are named: those that took longest. */
const MOST_STATIONS = 8

/** What on the critical path is no operation's is told when it is so much of the whole. */
const WORTH_MENTION = 0.2

/** For the end of `run`; nothing where there is nothing to say. */
export function shortForm(timeline: Timeline): string[] {
  const { totals, operations, advice } = timeline
  if (totals.wall < WORTH_TELLING || operations.length < 2) return []
  return [
    totalsLine(timeline),
    pathLine(timeline),
    ...advice.slice(0, 1).map(({ text }) => `→ ${printable(text)}`),
  ]
}

export function totalsLine({ totals: { wall, work, speedUp, unlimited } }: Timeline): string {
  const without = wall - unlimited < 0.05 * wall ? '' : `; without limits ${durationText(unlimited)}`
  return `${durationText(wall)} for ${durationText(work)} of work (speed-up ${speedUp.toFixed(1)}×)${without}`
}

interface Station {
  readonly label: string
  readonly keys: Set<string>
  time: number
}

/** Neighbours that differ in a number only are one. */
export function pathLine(timeline: Timeline): string {
  const { criticalPath } = timeline
  const stations: Station[] = []
  for (const { key, from, until } of criticalPath) {
    const label = key === undefined ? undefined : pattern(key)
    const last = stations.at(-1)
    if (label === undefined || key === undefined) continue
    if (last?.label === label) {
      last.keys.add(key)
      last.time += until - from
    } else stations.push({ label, keys: new Set([key]), time: until - from })
  }
  const longest = new Set(stations.toSorted((a, b) => b.time - a.time).slice(0, MOST_STATIONS))
  const parts: string[] = []
  for (const station of stations) {
    if (longest.has(station)) parts.push(stationText(station))
    else if (parts.at(-1) !== '…') parts.push('…')
  }
  return parts.length === 0
    ? 'Critical path: the code of the workflow itself'
    : `Critical path: ${parts.join(' → ')}${beside(timeline)}`
}

function beside({ criticalPath, totals }: Timeline): string {
  const timeOf = (phase: CriticalSegment['phase']): number =>
    criticalPath.reduce(
      (sum, each) => sum + (each.key === undefined && each.phase === phase ? each.until - each.from : 0),
      0,
    )
  const told = (
    [
      [timeOf('code'), 'in its own code and in recording'],
      [timeOf('waiting'), 'in which nobody executed it'],
    ] as const
  ).filter(([time]) => time >= WORTH_MENTION * totals.wall)
  return told.map(([time, what]) => `; ${durationText(time)} ${what}`).join('')
}

function stationText({ label, keys, time }: Station): string {
  const [key = label] = keys
  const name = keys.size === 1 ? printable(visible(key)) : `${printable(label)} ×${keys.size}`
  return `${name} ${durationText(time)}`
}
