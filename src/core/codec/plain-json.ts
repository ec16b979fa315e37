/** Deeper values take the tagged form, which does not recurse; `JSON.stringify` does. */
const DEEPEST = 100

/** So few objects are faster searched one by one than put in a Set. */
const FEW = 12

/** About as many characters a member takes that is no string. */
export const MEMBER = 8

/** The objects met so far, and how far one may look. */
export interface Walk {
  readonly few: object[]
  many: Set<object> | undefined
  /** Characters, about. Below 0: there is more than was to be looked at. */
  left: number
}

export function walk(left: number): Walk {
  return { few: [], many: undefined, left }
}

/**
 * Whether `JSON.parse(JSON.stringify(value))` gives exactly the value back: nothing but plain objects, arrays
 * without holes and JSON's own primitives (not `-0`), no object met twice. So a shared object needs the tagged form,
 * which keeps it shared; without that rule, one with exponential sharing would also take exponential time here.
 * @returns undefined when there are more characters than `longest`, about: whether it is so would take long to tell
 */
export function looksPlain(value: unknown, longest: number): boolean | undefined {
  if (typeof value === 'string') return value.length <= longest || undefined
  if (typeof value !== 'object' || value === null) return isPlainPrimitive(value)
  if (hasToJson()) return false
  const looked = walk(longest)
  return isPlainObject(value, looked, 0) || (looked.left < 0 ? undefined : false)
}

/** Someone's polyfill, which `JSON.stringify` would call for every array and object. */
export function hasToJson(): boolean {
  return 'toJSON' in Array.prototype
}

export function isPlainPrimitive(value: unknown): boolean {
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

/** Whether it is, with all that is in it; or, where there is more than may be looked at, false. */
export function isPlainObject(value: object, walk: Walk, depth: number): boolean {
  if (isOdd(value, depth) || isKnown(value, walk)) return false
  if (Array.isArray(value)) return isPlainArray(value, walk, depth)
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key]
    walk.left -= MEMBER
    if (typeof member === 'string') walk.left -= member.length
    else if (typeof member === 'object' && member !== null) {
      if (walk.left < 0 || !isPlainObject(member, walk, depth + 1)) return false
    } else if (!isPlainPrimitive(member)) return false
  }
  return walk.left >= 0
}

function isPlainArray(array: readonly unknown[], walk: Walk, depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false
  walk.left -= array.length * MEMBER
  if (walk.left < 0) return false
  for (let i = 0; i < array.length; i++) {
    const member = array[i]
    if (typeof member === 'string') walk.left -= member.length
    else if (typeof member === 'object' && member !== null) {
      if (walk.left < 0 || !isPlainObject(member, walk, depth + 1)) return false
    } else if (!isPlainPrimitive(member)) return false
  }
  // Last, being the dearest.
  return walk.left >= 0 && !hasNamedProperties(array)
}

/** Too deep, or with keys that JSON does not have. */
function isOdd(value: object, depth: number): boolean {
  return depth === DEEPEST || Object.getOwnPropertySymbols(value).length > 0
}

function isKnown(value: object, walk: Walk): boolean {
  if (walk.many !== undefined) return walk.many.size === walk.many.add(value).size
  if (walk.few.includes(value)) return true
  walk.few.push(value)
  if (walk.few.length > FEW) walk.many = new Set(walk.few)
  return false
}

/** As the result of `match()` has them. */
export function hasNamedProperties(array: readonly unknown[]): boolean {
  return Object.keys(array).length !== array.length
}
