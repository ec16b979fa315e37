/** Errors in short: as user code has them in hand, and as they lie in the file. */

/** By its fields, never by its class: an error of the library or one of the program's own. */
interface Described {
  readonly name: string
  readonly message: string
  readonly code?: unknown
  readonly key?: unknown
  readonly attempts?: unknown
  readonly kind?: unknown
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

export function describeError(thrown: unknown): string {
  const error = thrown as Described
  switch (error.code) {
    case 'STEP_FAILED':
      return stepError(String(error.key), Number(error.attempts), describeError(error.cause))
    case 'CHILD_FAILED':
      return childError(describeError(error.cause))
    case 'TIMEOUT':
      return timeoutError(String(error.key))
    case 'CANCELLED':
      return cancelledError(String(error.kind))
    default:
      return Array.isArray(error.errors)
        ? aggregateError(error.errors.map(describeError))
        : `${error.name}: ${error.message}`
  }
}

export function stepError(key: string, attempts: number, cause: string): string {
  return `step ${key} failed at attempt ${attempts}: ${cause}`
}

export function childError(cause: string): string {
  return `child failed: ${cause}`
}

export function timeoutError(key: string): string {
  return `${key} timed out`
}

export function cancelledError(kind: string): string {
  return `cancelled: ${kind}`
}

export function aggregateError(errors: readonly string[]): string {
  return `all failed: [${errors.join('; ')}]`
}

/** A stored value: every value of a torture program is plain JSON. */
export function storedValue(encoded: string): unknown {
  if (!encoded.startsWith('j')) throw new Error(`not plain JSON: ${encoded.slice(0, 80)}`)
  return JSON.parse(encoded.slice(1))
}

/** A stored error: slots of `["Error", class, fields, own properties]`, where `[n]` is slot n, and `[[…]]` an array. */
export function storedError(encoded: string): string {
  if (!encoded.startsWith('g')) throw new Error(`not a stored error: ${encoded.slice(0, 80)}`)
  const slots = JSON.parse(encoded.slice(1)) as unknown[]
  const read = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value
    const [number] = value as [number]
    const slot = slots[number]
    if (Array.isArray(slot) && Array.isArray(slot[0])) return (slot[0] as unknown[]).map(read)
    if (!Array.isArray(slot) || slot[0] !== 'Error')
      throw new Error(`not understood: ${JSON.stringify(slot)}`)
    const [, name, fields, own] = slot as [string, string, Record<string, unknown>, Record<string, unknown>]
    const plain = { name, ...fields, ...own }
    return {
      ...plain,
      ...('cause' in fields ? { cause: read(fields['cause']) } : {}),
      ...('errors' in fields ? { errors: read(fields['errors']) } : {}),
    }
  }
  return describeError(read(slots[0]))
}
