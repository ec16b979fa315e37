import { toBase64 } from './bytes.ts'
import { errorNode } from './error-node.ts'
import type { Kind } from './kinds.ts'
import { propertySlots, type Slot, type SlotWriter, type TableNode } from './slot-writer.ts'

/**
 * One object in the tagged form:
 * - `{"a":slot}` a plain object; `[[slot,slot]]` an array without holes
 * - `["array",length,{"5":slot}]` an array with holes or with named properties
 * - `["bare",{…}]` an object without a prototype; `["class","Money",{…}]` an instance of a registered class
 * - `["Map",key,value,…]`, `["Set",member,…]` slots; `["Date",milliseconds or null]`, `["URL","…"]`
 * - `["RegExp","source","flags",slot of lastIndex]`; `["Uint8Array","base64"]` and the other binary classes
 * - `["Error",…]`: see `error-node.ts`; `["Lost","[Foo]"]` what could not be read within an error
 *
 * Kept: own enumerable properties, a getter's as the value that it gives. Not kept: properties that are not
 * enumerable, frozenness, two views' sharing of one buffer.
 */
export function objectNode(value: object, kind: Kind, to: SlotWriter): TableNode {
  if (kind.type === 'error') return errorNode(value, kind.name, to)
  refuseSymbolKeys(value, to)
  switch (kind.type) {
    case 'object':
      return propertySlots(value, to)
    case 'bare':
      return ['bare', propertySlots(value, to)]
    case 'class':
      return ['class', kind.name, propertySlots(value, to)]
    case 'array':
      return arrayNode(value, to)
    case 'bytes':
      return [kind.name, toBase64(value)]
    default:
      refuseProperties(value, to)
      return contentsNode(value, kind.type, to)
  }
}

function arrayNode(value: object, to: SlotWriter): TableNode {
  if (!Array.isArray(value)) throw new TypeError('it is no array, but has the prototype of one')
  const array: readonly unknown[] = value
  const keys = Object.keys(array)
  // Indexes come first and in order: if the last of as many keys is the last index, all of them are indexes.
  const isDense =
    keys.length === array.length && (keys.length === 0 || keys.at(-1) === String(array.length - 1))
  return isDense ? [slotsOf(array, to)] : ['array', array.length, propertySlots(array, to)]
}

function slotsOf(values: Iterable<unknown>, to: SlotWriter, tag?: string): readonly Slot[] {
  const slots: Slot[] = tag === undefined ? [] : [tag]
  let position = 0
  for (const value of values) slots.push(to.slot(value, position++))
  return slots
}

type Contents = 'date' | 'map' | 'set' | 'regexp' | 'url'

/** Through the builtin methods, not those of the object: they also see that it is what its prototype says. */
function contentsNode(value: object, type: Contents, to: SlotWriter): TableNode {
  switch (type) {
    case 'date': {
      const time = Date.prototype.getTime.call(value)
      return ['Date', Number.isNaN(time) ? null : time]
    }
    case 'url':
      return ['URL', (value as URL).href]
    case 'regexp': {
      const { source, flags, lastIndex } = value as RegExp
      return ['RegExp', source, flags, to.slot(lastIndex, 'lastIndex')]
    }
    case 'map':
      return slotsOf(entriesInTurn(value as Map<unknown, unknown>), to, 'Map')
    case 'set':
      return slotsOf(Set.prototype.values.call(value), to, 'Set')
  }
}

function* entriesInTurn(map: Map<unknown, unknown>): Generator {
  for (const entry of Map.prototype.entries.call(map)) yield* entry
}

function refuseSymbolKeys(value: object, to: SlotWriter): void {
  for (const key of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, key)) {
      to.refuse(key, 'its key is a symbol; use a string')
    }
  }
}

function refuseProperties(value: object, to: SlotWriter): void {
  const key = Object.keys(value)[0]
  if (key !== undefined) {
    to.refuse(key, 'only the contents of such a builtin object can be stored, not properties set on it')
  }
}
