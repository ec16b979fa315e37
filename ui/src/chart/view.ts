/** Which part of the time is shown, in milliseconds from the beginning of the run. All functions return a new view. */
import { scaleLinear, type ScaleLinear } from 'd3-scale'

export interface View {
  readonly from: number
  readonly until: number
}

/** Nobody can tell less apart. */
const SHORTEST = 1

export function fit(total: number): View {
  return { from: 0, until: Math.max(SHORTEST, total) }
}

/** @param factor below 1 zooms in. @param at the moment that stays where it is */
export function zoom(view: View, factor: number, at: number, total: number): View {
  const length = Math.min(Math.max(SHORTEST, (view.until - view.from) * factor), Math.max(SHORTEST, total))
  const part = (at - view.from) / (view.until - view.from)
  return inside({ from: at - part * length, until: at + (1 - part) * length }, total)
}

export function pan(view: View, by: number, total: number): View {
  return inside({ from: view.from + by, until: view.until + by }, total)
}

function inside({ from, until }: View, total: number): View {
  const length = until - from
  const start = Math.max(0, Math.min(from, Math.max(SHORTEST, total) - length))
  return { from: start, until: start + length }
}

export function scaleOf(view: View, width: number): ScaleLinear<number, number> {
  return scaleLinear([view.from, view.until], [0, width])
}

export interface Tick {
  readonly x: number
  readonly text: string
}

const UNITS = [
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
] as const

/** Round values of the largest unit of which the view has at least two. */
export function ticks(view: View, width: number): readonly Tick[] {
  const length = view.until - view.from
  const [unit, name] = UNITS.find(([unit]) => length >= 2 * unit) ?? [1, 'ms']
  const scale = scaleLinear([view.from / unit, view.until / unit], [0, width])
  const most = Math.max(2, Math.floor(width / 110))
  const text = scale.tickFormat(most)
  return scale.ticks(most).map((value) => ({ x: scale(value), text: `${text(value)} ${name}` }))
}
