import { chosenSlots, type SlotWriter, type TableNode } from './slot-writer.ts'

/** Kept though not enumerable. The order is part of the format. */
const HIDDEN = ['name', 'message', 'stack', 'cause', 'errors', 'code', 'error', 'suppressed'] as const

type HiddenKey = (typeof HIDDEN)[number]

/** What native errors hide is hidden, also where a plain assignment (`error.cause = x`) made it enumerable. */
const ALWAYS_HIDDEN: ReadonlySet<string> = new Set(['message', 'stack', 'cause', 'errors'])

/** What the class gave an error of a class that will not come back. */
const FROM_CLASS: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'code'])

/** A DOMException keeps these inside; its constructor takes them. */
const FROM_DOM_EXCEPTION: ReadonlySet<string> = new Set(['name', 'message', 'stack'])

const FROM_ENGINE: ReadonlySet<string> = new Set(['stack'])

/**
 * `["Error","TypeError",{hidden properties},{own enumerable properties}]`. Without a `className` the error will come
 * back as an `Error`, which then needs as its own what it had from its class.
 */
export function errorNode(error: object, className: string | undefined, to: SlotWriter): TableNode {
  const hidden = HIDDEN.filter((key) => isHidden(error, key, className))
  const taken: readonly string[] = hidden
  const own = Object.keys(error).filter((key) => !taken.includes(key))
  return ['Error', className ?? 'Error', chosenSlots(error, hidden, to), chosenSlots(error, own, to)]
}

function isHidden(error: object, key: HiddenKey, className: string | undefined): boolean {
  const own = Object.getOwnPropertyDescriptor(error, key)
  if (own !== undefined) {
    return ALWAYS_HIDDEN.has(key) || own.enumerable !== true || (key === 'name' && className === undefined)
  }
  return inherited(className).has(key) && isTelling(key, error)
}

function inherited(className: string | undefined): ReadonlySet<string> {
  if (className === undefined) return FROM_CLASS
  return className === 'DOMException' ? FROM_DOM_EXCEPTION : FROM_ENGINE
}

/** Whether an `Error` would not inherit the same. */
function isTelling(key: HiddenKey, error: object): boolean {
  try {
    const value = (error as Partial<Record<HiddenKey, unknown>>)[key]
    return value !== undefined && value !== (Error.prototype as Partial<Record<HiddenKey, unknown>>)[key]
  } catch {
    return true
  }
}
