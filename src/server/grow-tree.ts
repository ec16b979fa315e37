import { messageOf } from '../core/errors.ts'
import type { ValueTree } from './value-tree.ts'

/** How much of a value one answer holds. */
export interface Limits {
  /** Members of one list, record, map or error. */
  readonly members: number
  /** Characters of one text. */
  readonly characters: number
  readonly depth: number
  /** Values in all. */
  readonly values: number
  /** Characters of all texts together. */
  readonly room: number
}

/** @param from begin with this member of it, or this character */
export function valueTree(value: unknown, limits: Limits, from = 0): ValueTree {
  try {
    return new Growing(limits).grow(value, from)
  } catch (error) {
    return { kind: 'unreadable', why: messageOf(error) }
  }
}

/** The members of a value in the order in which its tree shows them; of a map, keys and values in turn. */
export function memberAt(value: unknown, at: number): { readonly value: unknown } | undefined {
  const parts = partsOf(value)
  if (parts === undefined || at >= parts.count) return undefined
  return { value: parts.at(at) }
}

class Growing {
  readonly #limits: Limits
  #left: number
  #room: number
  readonly #above = new Set<object>()

  constructor(limits: Limits) {
    this.#limits = limits
    this.#left = limits.values
    this.#room = limits.room
  }

  grow(value: unknown, from: number): ValueTree {
    this.#left--
    if (typeof value !== 'object' || value === null) return this.#primitive(value, from)
    const special = specialOf(value)
    if (special !== undefined) return { kind: 'special', of: special.of, ...this.#text(special.text, from) }
    if (this.#above.has(value)) return { kind: 'circle' }
    if (this.#above.size >= this.#limits.depth || this.#left < 0) return { kind: 'cut' }
    this.#above.add(value)
    const grown = this.#object(value, from)
    this.#above.delete(value)
    return grown
  }

  #primitive(value: unknown, from: number): ValueTree {
    if (typeof value === 'string') return { kind: 'text', ...this.#text(value, from) }
    if (typeof value === 'boolean' || value === null) return { kind: 'plain', value }
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0)
        ? { kind: 'plain', value }
        : { kind: 'special', of: 'number', text: Object.is(value, -0) ? '-0' : String(value) }
    return {
      kind: 'special',
      of: typeof value,
      ...this.#text(value === undefined ? '' : `${value as bigint}`, from),
    }
  }

  #text(text: string, from: number): { readonly text: string; readonly size?: number } {
    const shown = this.#short(text.slice(from))
    return shown.length === text.length ? { text } : { text: shown, size: text.length }
  }

  #object(value: object, from: number): ValueTree {
    if (value instanceof Map) return this.#map(value, from)
    const parts = partsOf(value) ?? recordParts(value)
    const until = Math.min(parts.count, from + this.#limits.members)
    const grown: ValueTree[] = []
    for (let at = from; at < until; at++)
      grown.push(this.#left <= 0 ? { kind: 'cut' } : this.grow(parts.at(at), 0))
    const size = grown.length === parts.count ? {} : { size: parts.count }
    if (parts.keys === undefined)
      return { kind: 'list', of: classOf(value) ?? 'Array', items: grown, ...size }
    const entries = grown.map((each, index) => [this.#short(parts.keys?.[from + index]), each] as const)
    if (value instanceof Error) return { kind: 'error', ...this.#error(value), entries, ...size }
    const of = classOf(value)
    return { kind: 'record', ...(of !== undefined && { of }), entries, ...size }
  }

  #short(text = ''): string {
    const shown = text.slice(0, Math.min(this.#limits.characters, this.#room))
    this.#room -= shown.length
    return shown
  }

  #error(error: Error): { readonly name: string; readonly message: string; readonly stack?: string } {
    const { name, message, stack } = error
    return {
      name: this.#short(textOf(name)),
      message: this.#short(textOf(message)),
      ...(typeof stack === 'string' && { stack: this.#short(stack) }),
    }
  }

  /** `from` counts entries. */
  #map(map: ReadonlyMap<unknown, unknown>, from: number): ValueTree {
    const shown = [...map].slice(from, from + this.#limits.members)
    const entries = shown.map(([key, value]) => [this.grow(key, 0), this.grow(value, 0)] as const)
    return { kind: 'map', entries, ...(entries.length < map.size && { size: map.size }) }
  }
}

interface Parts {
  readonly count: number
  /** Absent where members have no names. */
  readonly keys?: readonly string[]
  at(index: number): unknown
}

function partsOf(value: unknown): Parts | undefined {
  if (typeof value !== 'object' || value === null || specialOf(value) !== undefined) return undefined
  if (Array.isArray(value)) return { count: value.length, at: (index) => value[index] as unknown }
  if (value instanceof Map) return listParts([...value].flat(1))
  if (value instanceof Set) return listParts([...value])
  if (ArrayBuffer.isView(value)) return listParts(Array.from(value as unknown as ArrayLike<unknown>))
  return recordParts(value)
}

function listParts(members: readonly unknown[]): Parts {
  return { count: members.length, at: (index) => members[index] }
}

/** Own properties that hold a value: no getter is called. Of an error, also what is not enumerable, such as its `cause`. */
function recordParts(value: object): Parts {
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(
    ([key, { enumerable }]) =>
      value instanceof Error ? !['name', 'message', 'stack'].includes(key) : enumerable,
  )
  return {
    count: descriptors.length,
    keys: descriptors.map(([key]) => key),
    at: (index) => descriptors[index]?.[1].value as unknown,
  }
}

function specialOf(value: object): { readonly of: string; readonly text: string } | undefined {
  if (value instanceof Date)
    return { of: 'Date', text: Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString() }
  if (value instanceof RegExp || value instanceof URL)
    return { of: value instanceof URL ? 'URL' : 'RegExp', text: String(value) }
  if (value instanceof ArrayBuffer) return { of: 'ArrayBuffer', text: base64(new Uint8Array(value)) }
  if (value instanceof Uint8Array || value instanceof DataView)
    return { of: classOf(value) ?? 'Uint8Array', text: base64(value) }
  return undefined
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array | DataView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** Undefined for plain objects. */
function classOf(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null
  if (prototype === null || prototype === Object.prototype) return undefined
  const { constructor } = prototype
  return typeof constructor === 'function' && constructor.name !== ''
    ? constructor.name.slice(0, 200)
    : undefined
}

/** A stored error may have anything for a name. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : messageOf(value)
}
