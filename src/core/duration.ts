/** A number of milliseconds, or a number with a unit: `'500ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`, `'2w'`. Fractions are allowed. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/

/** 68 years: longer is a mistake of units far more often than a wish. */
const LONGEST = 68 * 365.25 * 86_400_000

/**
 * Milliseconds of a duration.
 * @param what names the argument in the error.
 * @throws {TypeError} not a duration, negative, not finite, or longer than 68 years
 */
export function milliseconds(value: unknown, what: string): number {
  const result = typeof value === 'number' ? value : typeof value === 'string' ? parse(value) : Number.NaN
  if (Number.isNaN(result) || result < 0)
    throw new TypeError(
      `${what}: expected milliseconds or a duration such as '500ms', '30s', '5m', '2h', '7d', '2w', got ${show(value)}`,
    )
  if (result > LONGEST) throw new TypeError(`${what}: ${show(value)} is longer than 68 years`)
  return result
}

function parse(text: string): number {
  const [, amount, unit] = PATTERN.exec(text) ?? []
  return amount === undefined || unit === undefined
    ? Number.NaN
    : Number(amount) * (UNITS[unit] ?? Number.NaN)
}

/** A value as it appears in a message about a bad argument: its text and, where that is not enough, its type. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value)
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'symbol') return 'a symbol'
  return value instanceof Promise ? 'a promise' : 'an object'
}
