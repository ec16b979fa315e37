/** Durations as people read them. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export function durationText(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59.95 * SECOND) return `${(ms / SECOND).toFixed(1)} s`
  if (ms < HOUR) return pair(Math.max(ms, MINUTE), MINUTE, 'min', SECOND, 's')
  if (ms < DAY) return pair(ms, HOUR, 'h', MINUTE, 'min')
  return pair(ms, DAY, 'd', HOUR, 'h')
}

function pair(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const smalls = Math.floor(ms / small)
  const rest = smalls % (big / small)
  return `${Math.floor(smalls / (big / small))} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}
