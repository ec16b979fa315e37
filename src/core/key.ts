import type { Key } from './ports/effects.ts'

/*
 * Keys are injective: `/` ends a scope, `#` counts a repeated name, `!` marks what the library adds (timeouts,
 * staggers), `%` escapes. A name that holds one of them, or a control character, is escaped; so no name, however
 * chosen, can equal another operation's key (M3).
 */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what it must find
const SPECIAL = /[%/#!\u0000-\u001f\u007f]/
// oxlint-disable-next-line no-control-regex -- as above
const EVERY_SPECIAL = /[%/#!\u0000-\u001f\u007f]/g

export function escapeName(name: string): string {
  if (!SPECIAL.test(name)) return name
  return name.replace(EVERY_SPECIAL, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** The name of the operation with this key. */
export function nameOf(key: Key): string {
  const escaped = key.slice(key.lastIndexOf('/') + 1).replace(/#\d+$/, '')
  return escaped.replace(/%([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}

const COMPENSATE = 'compensate'

/** The name of the step with this key. */
export function stepNameOf(key: Key): string {
  const compensated = compensatedBy(key)
  return compensated === undefined ? nameOf(key) : `compensation of ${nameOf(compensated)}`
}

/** The prefix of everything inside a function branch. */
export function branchPrefix(group: Key, label: string | number): string {
  return `${group}/${typeof label === 'number' ? label : escapeName(label)}/`
}

/** The key of a step's compensation, and what makes the step's idempotency key its own. */
export function compensationKey(step: Key): Key {
  return derivedKey(step, COMPENSATE)
}

/** The step that an operation of this key compensates, if it does. */
export function compensatedBy(key: Key): Key | undefined {
  const ending = derivedKey('', COMPENSATE)
  return key.endsWith(ending) && key !== ending ? key.slice(0, -ending.length) : undefined
}

/** The key of something that the library does on behalf of an operation: `parallel!timeout`. */
export function derivedKey(key: Key, what: string): Key {
  return `${key}!${what}`
}
