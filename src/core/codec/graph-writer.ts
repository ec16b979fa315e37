import { SerializationError } from '../errors.ts'
import { kindOf, type Kind } from './kinds.ts'
import { objectText } from './object-text.ts'
import { pathTo } from './path.ts'
import { placeholderFor, problemOf, reasonOf } from './refusal.ts'
import type { Registry } from './registry.ts'
import type { SlotWriter } from './slot-writer.ts'

/**
 * The tagged form: a JSON array whose first element is the root's slot and whose others are the objects, each once,
 * in the order in which they were met.
 *
 * A slot is a string, a finite number, a boolean or null as JSON writes it, or an array:
 * `[]` undefined, `[3]` the object at position 3, `["NaN"]` `["Infinity"]` `["-Infinity"]` `["-0"]`, `["12n"]` a bigint.
 * How an object is written: `object-text.ts`, `error-text.ts`.
 */
export function writeGraph(root: unknown, rootName: string, registry: Registry, lenient: boolean): string {
  const graph = new GraphWriter(rootName, registry, lenient)
  return graph.write(root)
}

/** The keys of a value are few, and each is met again and again; more than these are not remembered. */
const MOST_KEYS = 500

interface Node {
  readonly value: object
  readonly kind: Kind
  readonly position: number
  readonly parent: Node | undefined
  readonly step: string | number
  /** Met only within errors so far, where what cannot be stored is replaced instead of refused. */
  lenient: boolean
  text: string | undefined
}

/** Objects are written one after the other, each naming others by position: no recursion, whatever the depth. */
class GraphWriter implements SlotWriter {
  readonly #rootName: string
  readonly #registry: Registry
  readonly #nodes: Node[] = []
  readonly #nodeOf = new Map<object, Node>()
  /** Written before those in `#lenientQueue`, so that an object met in both places is judged strictly. */
  readonly #strictQueue: Node[] = []
  readonly #lenientQueue: Node[] = []
  readonly #keyTexts = new Map<string, string>()
  #current: Node | undefined
  #lenient: boolean

  constructor(rootName: string, registry: Registry, lenient: boolean) {
    this.#rootName = rootName
    this.#registry = registry
    this.#lenient = lenient
  }

  write(root: unknown): string {
    const texts = [this.slot(root, '')]
    // Both queues grow meanwhile.
    for (const node of this.#strictQueue) this.#writeNode(node)
    for (const node of this.#lenientQueue) if (node.text === undefined) this.#writeNode(node)
    for (const node of this.#nodes) texts.push(node.text ?? 'null')
    return `[${texts.join(',')}]`
  }

  slot(value: unknown, step: string | number): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value)
      case 'number':
        return numberSlot(value)
      case 'boolean':
        return value ? 'true' : 'false'
      case 'undefined':
        return '[]'
      case 'bigint':
        return `["${value}n"]`
      case 'object':
        return value === null ? 'null' : this.#objectSlot(value, step)
      default:
        return this.#refuseValue(value, step)
    }
  }

  key(key: string): string {
    const known = this.#keyTexts.get(key)
    if (known !== undefined) return known
    const text = `${JSON.stringify(key)}:`
    if (this.#keyTexts.size < MOST_KEYS) this.#keyTexts.set(key, text)
    return text
  }

  read(object: object, key: string): unknown {
    try {
      return (object as Readonly<Record<string, unknown>>)[key]
    } catch (thrown) {
      this.refuse(key, `reading it threw: ${reasonOf(thrown)}`)
      return '[unreadable]'
    }
  }

  refuse(step: string | number | symbol, problem: string): void {
    if (!this.#lenient) throw new SerializationError(pathTo(this.#rootName, this.#current, step), problem)
  }

  #objectSlot(value: object, step: string | number): string {
    const node = this.#nodeOf.get(value) ?? this.#meet(value, step)
    if (node === undefined) return this.#refuseValue(value, step)
    if (node.lenient && !this.#lenient && node.text === undefined) {
      node.lenient = false
      this.#strictQueue.push(node)
    }
    return `[${node.position}]`
  }

  #meet(value: object, step: string | number): Node | undefined {
    const kind = this.#kindOf(value, step)
    if (kind === undefined) return undefined
    const lenient = this.#lenient
    const position = this.#nodes.length + 1
    const node: Node = { value, kind, position, parent: this.#current, step, lenient, text: undefined }
    this.#nodes.push(node)
    this.#nodeOf.set(value, node)
    ;(lenient ? this.#lenientQueue : this.#strictQueue).push(node)
    return node
  }

  #kindOf(value: object, step: string | number): Kind | undefined {
    try {
      return kindOf(value, this.#registry.kinds)
    } catch (thrown) {
      this.refuse(step, `inspecting it threw: ${reasonOf(thrown)}`)
      return undefined
    }
  }

  #writeNode(node: Node): void {
    this.#current = node
    this.#lenient = node.lenient || node.kind.type === 'error'
    try {
      node.text = objectText(node.value, node.kind, this)
    } catch (thrown) {
      if (!this.#lenient) throw this.#unreadable(node, thrown)
      node.text = `["Lost",${JSON.stringify(placeholderFor(node.value))}]`
    }
  }

  #unreadable(node: Node, thrown: unknown): unknown {
    if (thrown instanceof SerializationError) return thrown
    const path = pathTo(this.#rootName, node.parent, node.step)
    return new SerializationError(path, `reading it threw: ${reasonOf(thrown)}`)
  }

  #refuseValue(value: unknown, step: string | number): string {
    if (!this.#lenient) this.refuse(step, problemOf(value))
    return JSON.stringify(placeholderFor(value))
  }
}

function numberSlot(value: number): string {
  if (!Number.isFinite(value)) return `["${value}"]`
  return value === 0 && 1 / value < 0 ? '["-0"]' : String(value)
}
