/** Checks of options that concern addresses. */
import type { Check } from '../core/check.ts'
import { show } from '../core/duration.ts'

export const port: Check = (value, what) => {
  if (!(Number.isInteger(value) && (value as number) >= 0 && (value as number) < 65_536))
    throw new TypeError(`${what}: expected a port, a whole number from 0 to 65535, got ${show(value)}`)
}

export const url: Check = (value, what) => {
  if (typeof value !== 'string' || !/^https?:$/.test(URL.parse(value)?.protocol ?? ''))
    throw new TypeError(`${what}: expected a URL such as 'http://localhost:9070', got ${show(value)}`)
}

export const list: Check = (value, what) => {
  if (!Array.isArray(value)) throw new TypeError(`${what}: expected an array, got ${show(value)}`)
}
