/** Deeper values take the tagged form, which does not recurse; `JSON.stringify` does. */
const DEEPEST = 100

/** So few objects are faster searched one by one than put in a Set. */
const FEW = 12

/** The objects met so far. */
interface Met {
  readonly few: object[]
  many: Set<object> | undefined
}

/**
 * Whether `JSON.parse(JSON.stringify(value))` gives exactly the value back: nothing but plain objects, arrays
 * without holes and JSON's own primitives (not `-0`), no object met twice. So a shared object needs the tagged form,
 * which keeps it shared; without that rule, one with exponential sharing would also take exponential time here.
 */
export function isPlainJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isPlainPrimitive(value)
  if (hasToJson()) return false
  return isPlainObject(value, { few: [], many: undefined }, 0)
}

/** Someone's polyfill, which `JSON.stringify` would call for every array and object. */
export function hasToJson(): boolean {
  return 'toJSON' in Array.prototype
}

function isPlainPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0)
    default:
      return value === null
  }
}

function isPlainObject(value: object, met: Met, depth: number): boolean {
  if (depth === DEEPEST || isKnown(value, met)) return false
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  if (Array.isArray(value)) return isPlainArray(value, met, depth)
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key]
    if (typeof member === 'object' && member !== null) {
      if (!isPlainObject(member, met, depth + 1)) return false
    } else if (!isPlainPrimitive(member)) return false
  }
  return true
}

function isPlainArray(array: readonly unknown[], met: Met, depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false
  for (let i = 0; i < array.length; i++) {
    const member = array[i]
    if (typeof member === 'object' && member !== null) {
      if (!isPlainObject(member, met, depth + 1)) return false
    } else if (!isPlainPrimitive(member)) return false
  }
  // Named properties, as the result of `match()` has them. Last, being the dearest.
  return Object.keys(array).length === array.length
}

function isKnown(value: object, met: Met): boolean {
  if (met.many !== undefined) return met.many.size === met.many.add(value).size
  if (met.few.includes(value)) return true
  met.few.push(value)
  if (met.few.length > FEW) met.many = new Set(met.few)
  return false
}
