/** Durations, times and counts as people read them. */

/** Local time; without the date when that is today's. */
export function timeText(at: number, now: number): string {
  const [date, time] = localParts(at)
  return localParts(now)[0] === date ? time : `${date} ${time.slice(0, 5)}`
}

export function fullTimeText(at: number): string {
  return localParts(at).join(' ')
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`
}

function localParts(at: number): [string, string] {
  const date = new Date(at)
  const two = (value: number): string => String(value).padStart(2, '0')
  return [
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
  ]
}
