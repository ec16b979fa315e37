/** An object that is being read: first made empty, so that others can refer to it, then filled. */
export interface Shell {
  readonly value: unknown
  readonly fill?: Fill | undefined
}

/** Puts the members into an object that exists already. */
export type Fill = (valueOf: (slot: unknown) => unknown) => void

/** The properties of an object as `JSON.parse` made it: all of them own, `__proto__` too. */
export type Properties = Record<string, unknown>

/** Unlike an assignment, this reaches neither a setter nor `Object.prototype`. */
export function defineOwn(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true })
}

/** The same, by an assignment where that does it. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') defineOwn(object, key, value, true)
  else object[key] = value
}
