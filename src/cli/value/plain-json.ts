/**
 * Any value that a run can hold, as JSON that other programs understand. One way: it is for reading, the types are
 * gone. `Map` becomes an array of pairs, `Set` an array, `Date` its ISO text, `bigint`, `NaN` and the infinities their
 * digits or names as a string, bytes base64, other typed arrays arrays of numbers, `URL` and `RegExp` their text, an
 * `Error` an object with `name` and `message`, a long array of holes an object. `undefined` is left out of objects and `null` elsewhere.
 */
export type PlainJson = null | boolean | number | string | PlainJson[] | { [key: string]: PlainJson }

const CIRCULAR = '[Circular]'

/** Nobody reads deeper, and other programs' readers of JSON would not get there. */
const DEEPEST = 500
const TOO_DEEP = '[too deep to be shown]'

export function plainJson(value: unknown): PlainJson {
  return convert(value, new Set())
}

/** @param above the objects that hold this value: one of them again is a cycle */
function convert(value: unknown, above: Set<object>): PlainJson {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value !== 'object' || value === null) return null
  if (above.has(value)) return CIRCULAR
  if (above.size === DEEPEST) return TOO_DEEP
  above.add(value)
  const plain = convertObject(value, (part) => convert(part, above))
  above.delete(value)
  return plain
}

function convertObject(value: object, inner: (part: unknown) => PlainJson): PlainJson {
  if (Array.isArray(value)) return convertArray(value, inner)
  if (value instanceof Map) return Array.from(value, (pair) => pair.map(inner))
  if (value instanceof Set) return Array.from(value, inner)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL || value instanceof RegExp) return String(value)
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64')
  if (ArrayBuffer.isView(value)) return convertView(value, inner)
  if (value instanceof Error) return entries(errorParts(value), inner)
  return entries(Object.entries(value), inner)
}

/** One that is mostly holes, however long, by its members. */
function convertArray(array: readonly unknown[], inner: (part: unknown) => PlainJson): PlainJson {
  const members = Object.entries(array)
  return array.length <= 1000 || members.length > array.length / 2
    ? Array.from(array, inner)
    : entries([['length', array.length], ...members], inner)
}

function convertView(view: ArrayBufferView, inner: (part: unknown) => PlainJson): PlainJson {
  if (view instanceof Uint8Array || view instanceof DataView)
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64')
  return Array.from(view as unknown as ArrayLike<unknown>, inner)
}

function errorParts(error: Error): [string, unknown][] {
  const { name, message, cause } = error
  const own = Object.entries(error).filter(([key]) => key !== 'name' && key !== 'message')
  const errors = (error as { errors?: unknown }).errors
  return [
    ['name', name],
    ['message', message],
    ...own,
    ...(cause === undefined || Object.hasOwn(Object.fromEntries(own), 'cause')
      ? []
      : [['cause', cause] as [string, unknown]]),
    ...(Array.isArray(errors) && !own.some(([key]) => key === 'errors')
      ? [['errors', errors] as [string, unknown]]
      : []),
  ]
}

/** `Object.fromEntries` defines properties, so a key like `__proto__` is one like any other. */
function entries(
  parts: readonly (readonly [string, unknown])[],
  inner: (part: unknown) => PlainJson,
): PlainJson {
  const kept = parts.filter(([, part]) => part !== undefined)
  return Object.fromEntries(kept.map(([key, part]) => [key, inner(part)]))
}
