/** Checks of arguments at the call (E7): every message says which option, what was expected and what was given. */
import { milliseconds, show } from './duration.ts'

export type Check = (value: unknown, what: string) => void

/**
 * @param where the function called, as the user wrote it: `parallel()`
 * @throws {TypeError} not an object, an unknown option, or one that its check refuses
 */
export function checkOptions(where: string, options: unknown, checks: Readonly<Record<string, Check>>): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`${where}: expected an object of options, got ${show(options)}`)
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (check === undefined) throw new TypeError(unknownOption(where, name, Object.keys(checks)))
    if (value !== undefined) check(value, `${where} option ${JSON.stringify(name)}`)
  }
}

export const anything: Check = () => undefined

export const duration: Check = (value, what) => {
  milliseconds(value, what)
}

export const positiveInteger: Check = (value, what) => {
  if (value !== Number.POSITIVE_INFINITY && !(Number.isInteger(value) && (value as number) >= 1))
    throw new TypeError(`${what}: expected a whole number of at least 1 (or Infinity), got ${show(value)}`)
}

export const boolean: Check = (value, what) => {
  if (typeof value !== 'boolean') throw new TypeError(`${what}: expected true or false, got ${show(value)}`)
}

export const callable: Check = (value, what) => {
  if (typeof value !== 'function') throw new TypeError(`${what}: expected a function, got ${show(value)}`)
}

export const abortSignal: Check = (value, what) => {
  if (!(value instanceof AbortSignal))
    throw new TypeError(`${what}: expected an AbortSignal, got ${show(value)}`)
}

/** An object of somebody else's making: a clock, a logger, a store. */
export const having =
  (...methods: readonly string[]): Check =>
  (value, what) => {
    const fits =
      typeof value === 'object' &&
      value !== null &&
      methods.every((one) => typeof (value as Record<string, unknown>)[one] === 'function')
    if (!fits)
      throw new TypeError(
        `${what}: expected an object with ${methods.map((one) => `${one}()`).join(', ')}, got ${show(value)}`,
      )
  }

export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, what) => {
    if (!allowed.includes(value as string))
      throw new TypeError(
        `${what}: expected ${allowed.map((one) => `'${one}'`).join(', ')}, got ${show(value)}`,
      )
  }

export const either =
  (test: (value: unknown) => boolean, otherwise: Check): Check =>
  (value, what) => {
    if (!test(value)) otherwise(value, what)
  }

export const numberFrom =
  (least: number): Check =>
  (value, what) => {
    if (typeof value !== 'number' || !(value >= least) || value === Number.POSITIVE_INFINITY)
      throw new TypeError(`${what}: expected a number of at least ${least}, got ${show(value)}`)
  }

export const NAME_LIMIT = 512

/**
 * Names may hold anything that can be written down and read back: slashes, quotes, newlines, emoji.
 * @throws {TypeError} not a string, empty, over 512 characters, or with half of a surrogate pair
 */
export const name: Check = (value, what) => {
  if (typeof value !== 'string') throw new TypeError(`${what}: expected a string, got ${show(value)}`)
  if (value === '') throw new TypeError(`${what}: expected a name, got an empty string`)
  if (value.length > NAME_LIMIT)
    throw new TypeError(`${what}: expected at most ${NAME_LIMIT} characters, got ${value.length}`)
  if (!value.isWellFormed())
    throw new TypeError(`${what}: ${show(value)} has half of a surrogate pair, which cannot be stored`)
}

/** An operation's key, which is longer than its name. */
export const operationKey: Check = (value, what) => {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`${what}: expected the key of an operation, got ${show(value)}`)
}

function unknownOption(where: string, given: string, known: readonly string[]): string {
  const [near] = nearest(given, known)
  const hint =
    near === undefined ? `the options are ${known.join(', ')}` : `did you mean ${JSON.stringify(near)}?`
  return `${where}: unknown option ${JSON.stringify(given)}; ${hint}`
}

/** What may have been meant, the likeliest first. */
export function nearest(given: string, known: Iterable<string>): string[] {
  const far = Math.ceil(given.length / 4)
  return [...known]
    .filter((one) => Math.abs(one.length - given.length) <= far)
    .map((one) => ({ one, away: distance(one.toLowerCase(), given.toLowerCase()) }))
    .filter(({ away }) => away <= far)
    .sort((a, b) => a.away - b.away)
    .map(({ one }) => one)
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution))
    }
    row = next
  }
  return row[b.length] ?? 0
}
