/** Times as people read them: always with a unit, never more digits than help. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** @param ms a duration; below zero counts as zero, as clocks of two processes differ */
export function duration(ms: number): string {
  const value = Math.max(0, ms)
  if (value < 999.5) return `${Math.round(value)} ms`
  if (value < 9.995 * SECOND) return `${(value / SECOND).toFixed(2)} s`
  if (value < 59.95 * SECOND) return `${(value / SECOND).toFixed(1)} s`
  const seconds = Math.round(value / SECOND)
  if (value < HOUR) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  const minutes = Math.round(value / MINUTE)
  if (value < DAY) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  const hours = Math.round(value / HOUR)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

const pad = (value: number): string => String(value).padStart(2, '0')

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
})
const DATE = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

/** `14:02:11` today, `Mar 4, 14:02:11` otherwise. */
export function moment(at: number, now: number): string {
  const date = new Date(at)
  const clock = CLOCK.format(date)
  return date.toDateString() === new Date(now).toDateString() ? clock : `${DATE.format(date)}, ${clock}`
}

export function fullMoment(at: number): string {
  return FULL.format(new Date(at))
}

export function count(value: number): string {
  return value.toLocaleString()
}

export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`
}
