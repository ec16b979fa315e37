import { messageOf, SerializationError } from '../errors.ts'
import { kindOf, type Kind } from './kinds.ts'
import { objectNode } from './object-node.ts'
import { pathTo } from './path.ts'
import { hasToJson } from './plain-json.ts'
import { placeholderFor, problemOf } from './refusal.ts'
import type { Registry } from './registry.ts'
import type { Slot, SlotWriter, TableNode } from './slot-writer.ts'

/**
 * The tagged form: a JSON array whose first element is the root's slot and whose others are the objects, each once,
 * in the order in which they were met.
 *
 * A slot is a string, a finite number, a boolean or null as JSON writes it, or an array:
 * `[]` undefined, `[3]` the object at position 3, `["NaN"]` `["Infinity"]` `["-Infinity"]` `["-0"]`, `["12n"]` a bigint.
 * How an object is written: `object-node.ts`, `error-node.ts`.
 */
export function writeGraph(root: unknown, rootName: string, registry: Registry, lenient: boolean): string {
  return tableText(new GraphWriter(rootName, registry, lenient).table(root))
}

interface Entry {
  readonly value: object
  readonly kind: Kind
  readonly position: number
  readonly parent: Entry | undefined
  readonly step: string | number
  /** Met only within errors so far, where what cannot be stored is replaced instead of refused. */
  lenient: boolean
  node: TableNode | undefined
}

const UNDEFINED: Slot = []
const NEGATIVE_ZERO: Slot = ['-0']

/** Objects are written one after the other, each naming others by position: no recursion, whatever the depth. */
class GraphWriter implements SlotWriter {
  readonly #rootName: string
  readonly #registry: Registry
  readonly #entries: Entry[] = []
  readonly #entryOf = new Map<object, Entry>()
  /** Written before those in `#lenientQueue`, so that an object met in both places is judged strictly. */
  readonly #strictQueue: Entry[] = []
  readonly #lenientQueue: Entry[] = []
  #current: Entry | undefined
  #lenient: boolean

  constructor(rootName: string, registry: Registry, lenient: boolean) {
    this.#rootName = rootName
    this.#registry = registry
    this.#lenient = lenient
  }

  table(root: unknown): readonly unknown[] {
    const table: unknown[] = [this.slot(root, '')]
    // Both queues grow meanwhile.
    for (const entry of this.#strictQueue) this.#write(entry)
    for (const entry of this.#lenientQueue) if (entry.node === undefined) this.#write(entry)
    for (const entry of this.#entries) table.push(entry.node)
    return table
  }

  slot(value: unknown, step: string | number): Slot {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return numberSlot(value)
      case 'undefined':
        return UNDEFINED
      case 'bigint':
        return [`${value}n`]
      case 'object':
        return value === null ? null : this.#objectSlot(value, step)
      default:
        return this.#refuseValue(value, step)
    }
  }

  read(object: object, key: string): unknown {
    try {
      return (object as Readonly<Record<string, unknown>>)[key]
    } catch (thrown) {
      this.refuse(key, `reading it threw: ${messageOf(thrown)}`)
      return '[unreadable]'
    }
  }

  refuse(step: string | number | symbol, problem: string): void {
    if (!this.#lenient) throw new SerializationError(pathTo(this.#rootName, this.#current, step), problem)
  }

  #objectSlot(value: object, step: string | number): Slot {
    const entry = this.#entryOf.get(value) ?? this.#meet(value, step)
    if (entry === undefined) return this.#refuseValue(value, step)
    if (entry.lenient && !this.#lenient) {
      entry.lenient = false
      this.#strictQueue.push(entry)
    }
    return [entry.position]
  }

  #meet(value: object, step: string | number): Entry | undefined {
    const kind = this.#kindOf(value, step)
    if (kind === undefined) return undefined
    const lenient = this.#lenient
    const position = this.#entries.length + 1
    const entry: Entry = { value, kind, position, parent: this.#current, step, lenient, node: undefined }
    this.#entries.push(entry)
    this.#entryOf.set(value, entry)
    const queue = lenient ? this.#lenientQueue : this.#strictQueue
    queue.push(entry)
    return entry
  }

  #kindOf(value: object, step: string | number): Kind | undefined {
    try {
      return kindOf(value, this.#registry.kinds)
    } catch (thrown) {
      this.refuse(step, `inspecting it threw: ${messageOf(thrown)}`)
      return undefined
    }
  }

  #write(entry: Entry): void {
    this.#current = entry
    this.#lenient = entry.lenient || entry.kind.type === 'error'
    try {
      entry.node = objectNode(entry.value, entry.kind, this)
    } catch (thrown) {
      if (!this.#lenient) throw this.#unreadable(entry, thrown)
      entry.node = ['Lost', placeholderFor(entry.value)]
    }
  }

  #unreadable(entry: Entry, thrown: unknown): unknown {
    if (thrown instanceof SerializationError) return thrown
    const path = pathTo(this.#rootName, entry.parent, entry.step)
    return new SerializationError(path, `reading it threw: ${messageOf(thrown)}`)
  }

  #refuseValue(value: unknown, step: string | number): Slot {
    if (!this.#lenient) this.refuse(step, problemOf(value))
    return placeholderFor(value)
  }
}

function numberSlot(value: number): Slot {
  if (!Number.isFinite(value)) return [String(value)]
  return value === 0 && 1 / value < 0 ? NEGATIVE_ZERO : value
}

function tableText(table: readonly unknown[]): string {
  return hasToJson() ? textWithoutToJson(table) : JSON.stringify(table)
}

/** The table is a few levels deep, however deep the value was. */
function textWithoutToJson(part: unknown): string {
  if (Array.isArray(part)) return `[${part.map(textWithoutToJson).join(',')}]`
  if (typeof part !== 'object' || part === null) return JSON.stringify(part)
  const members = Object.entries(part).map(
    ([key, slot]) => `${JSON.stringify(key)}:${textWithoutToJson(slot)}`,
  )
  return `{${members.join(',')}}`
}
