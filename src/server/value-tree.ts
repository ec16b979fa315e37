/**
 * Any value that a run can hold, as JSON that keeps what it was, for display. Bounded: what is too long or too deep is cut, and says
 * so. Nothing of a value is called but the accessors of its own class: values come from the codec.
 */
export type ValueTree =
  /** `cut`: how many characters there are in all, where these are not all. */
  | { readonly kind: 'text'; readonly text: string; readonly cut?: number }
  | { readonly kind: 'plain'; readonly value: number | boolean | null }
  /** What JSON has no form for: `undefined`, `NaN`, a bigint, a date, a pattern, a URL, bytes (base64). */
  | { readonly kind: 'special'; readonly of: string; readonly text: string; readonly cut?: number }
  /** An array, a set or typed numbers. `size`: how many there are, where these are not all. */
  | {
      readonly kind: 'list'
      readonly of: string
      readonly items: readonly ValueTree[]
      readonly size?: number
    }
  /** An object; `of` is its class, where it has one. */
  | {
      readonly kind: 'record'
      readonly of?: string
      readonly entries: readonly (readonly [string, ValueTree])[]
      readonly size?: number
    }
  | {
      readonly kind: 'map'
      readonly entries: readonly (readonly [ValueTree, ValueTree])[]
      readonly size?: number
    }
  | {
      readonly kind: 'error'
      readonly name: string
      readonly message: string
      readonly stack?: string
      readonly entries: readonly (readonly [string, ValueTree])[]
    }
  /** One of the values around it again. */
  | { readonly kind: 'circle' }
  /** There is more, deeper than is shown. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'unreadable'; readonly why: string }

export interface Limits {
  /** Members of one list, record or map. */
  readonly members: number
  /** Characters of one text. */
  readonly characters: number
  readonly depth: number
  /** Values in all. */
  readonly values: number
}

export const LIMITS: Limits = { members: 200, characters: 20_000, depth: 30, values: 10_000 }

export function valueTree(value: unknown, limits: Limits = LIMITS): ValueTree {
  return new Growing(limits).of(value)
}

class Growing {
  readonly #limits: Limits
  readonly #above = new Set<object>()
  #left: number

  constructor(limits: Limits) {
    this.#limits = limits
    this.#left = limits.values
  }

  of(value: unknown): ValueTree {
    if (this.#left-- <= 0) return { kind: 'cut' }
    if (typeof value === 'string') return { kind: 'text', ...this.#text(value) }
    if (value === null || typeof value === 'boolean') return { kind: 'plain', value }
    if (typeof value === 'number') return ofNumber(value)
    if (typeof value === 'bigint') return { kind: 'special', of: 'bigint', ...this.#text(String(value)) }
    if (value === undefined) return { kind: 'special', of: 'undefined', text: 'undefined' }
    if (typeof value !== 'object')
      return { kind: 'unreadable', why: `a ${typeof value} is no value of a run` }
    if (this.#above.has(value)) return { kind: 'circle' }
    if (this.#above.size >= this.#limits.depth) return { kind: 'cut' }
    this.#above.add(value)
    try {
      return this.#object(value)
    } finally {
      this.#above.delete(value)
    }
  }

  #object(value: object): ValueTree {
    if (Array.isArray(value)) return this.#list('Array', value, value.length)
    if (value instanceof Set) return this.#list('Set', value, value.size)
    if (value instanceof Map) return this.#map(value)
    if (value instanceof Error) return this.#error(value)
    if (value instanceof Date) {
      const text = Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
      return { kind: 'special', of: 'Date', text }
    }
    if (value instanceof URL || value instanceof RegExp)
      return { kind: 'special', of: value.constructor.name, ...this.#text(String(value)) }
    if (value instanceof ArrayBuffer) return this.#bytes('ArrayBuffer', new Uint8Array(value))
    if (ArrayBuffer.isView(value)) return this.#view(value)
    return this.#record(value)
  }

  #view(view: ArrayBufferView): ValueTree {
    const of = view.constructor.name
    if (view instanceof Uint8Array || view instanceof DataView)
      return this.#bytes(of, new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    const numbers = view as unknown as Iterable<unknown> & { readonly length: number }
    return this.#list(of, numbers, numbers.length)
  }

  #bytes(of: string, bytes: Uint8Array): ValueTree {
    const most = Math.floor(this.#limits.characters / 4) * 3
    const text = Buffer.from(bytes.subarray(0, most)).toString('base64')
    const all = Math.ceil(bytes.length / 3) * 4
    return { kind: 'special', of, text, ...(bytes.length > most && { cut: all }) }
  }

  #list(of: string, values: Iterable<unknown>, size: number): ValueTree {
    const items: ValueTree[] = []
    for (const each of values) {
      if (items.length >= this.#limits.members) break
      items.push(this.of(each))
    }
    return { kind: 'list', of, items, ...(size > items.length && { size }) }
  }

  #map(map: ReadonlyMap<unknown, unknown>): ValueTree {
    const entries: [ValueTree, ValueTree][] = []
    for (const [key, value] of map) {
      if (entries.length >= this.#limits.members) break
      entries.push([this.of(key), this.of(value)])
    }
    return { kind: 'map', entries, ...(map.size > entries.length && { size: map.size }) }
  }

  #record(value: object): ValueTree {
    const prototype = Object.getPrototypeOf(value) as {
      readonly constructor?: { readonly name?: unknown }
    } | null
    const name =
      prototype === null || prototype === Object.prototype ? undefined : prototype.constructor?.name
    const keys = Object.keys(value)
    const entries = this.#entries(value, keys)
    return {
      kind: 'record',
      ...(typeof name === 'string' && name !== '' && { of: name }),
      entries,
      ...(keys.length > entries.length && { size: keys.length }),
    }
  }

  #error(error: Error): ValueTree {
    const own = Object.keys(error).filter((key) => key !== 'name' && key !== 'message' && key !== 'stack')
    const hidden = (['cause', 'errors'] as const).filter(
      (key) => Object.hasOwn(error, key) && !own.includes(key),
    )
    return {
      kind: 'error',
      name: this.#text(error.name).text,
      message: this.#text(error.message).text,
      ...(typeof error.stack === 'string' && { stack: this.#text(error.stack).text }),
      entries: this.#entries(error, [...own, ...hidden]),
    }
  }

  #entries(value: object, keys: readonly string[]): [string, ValueTree][] {
    return keys
      .slice(0, this.#limits.members)
      .map((key) => [key, this.of((value as Readonly<Record<string, unknown>>)[key])])
  }

  #text(text: string): { readonly text: string; readonly cut?: number } {
    const { characters } = this.#limits
    return text.length <= characters ? { text } : { text: text.slice(0, characters), cut: text.length }
  }
}

function ofNumber(value: number): ValueTree {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? { kind: 'plain', value }
    : { kind: 'special', of: 'number', text: Object.is(value, -0) ? '-0' : String(value) }
}
