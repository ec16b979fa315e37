import { toBase64 } from './bytes.ts'
import { errorText } from './error-text.ts'
import type { Kind } from './kinds.ts'
import { propertiesText, type SlotWriter } from './slot-writer.ts'

/**
 * One object in the tagged form:
 * - `{"a":slot}` a plain object; `[[slot,slot]]` an array without holes
 * - `["array",length,{"5":slot}]` an array with holes or with named properties
 * - `["bare",{…}]` an object without a prototype; `["class","Money",{…}]` an instance of a registered class
 * - `["Map",key,value,…]`, `["Set",member,…]` slots; `["Date",milliseconds or null]`, `["URL","…"]`
 * - `["RegExp","source","flags",slot of lastIndex]`; `["Uint8Array","base64"]` and the other binary classes
 * - `["Error",…]`: see `error-text.ts`
 *
 * Kept: own enumerable properties, a getter's as the value that it gives. Not kept: properties that are not
 * enumerable, frozenness, two views' sharing of one buffer.
 */
export function objectText(value: object, kind: Kind, to: SlotWriter): string {
  if (kind.type === 'error') return errorText(value, kind.name, to)
  refuseSymbolKeys(value, to)
  switch (kind.type) {
    case 'object':
      return propertiesText(value, Object.keys(value), to)
    case 'bare':
      return `["bare",${propertiesText(value, Object.keys(value), to)}]`
    case 'class':
      return `["class",${JSON.stringify(kind.name)},${propertiesText(value, Object.keys(value), to)}]`
    case 'array':
      return arrayText(value as readonly unknown[], to)
    case 'bytes':
      return `["${kind.name}","${toBase64(value)}"]`
    default:
      refuseProperties(value, to)
      return contentsText(value, kind.type, to)
  }
}

function arrayText(array: readonly unknown[], to: SlotWriter): string {
  if (!Array.isArray(array)) throw new TypeError('it is no array, but has the prototype of one')
  const keys = Object.keys(array)
  // Indexes come first and in order: if the last of as many keys is the last index, all of them are indexes.
  const isDense =
    keys.length === array.length && (keys.length === 0 || keys.at(-1) === String(array.length - 1))
  return isDense
    ? `[${slotsText(array, to)}]`
    : `["array",${array.length},${propertiesText(array, keys, to)}]`
}

function slotsText(values: Iterable<unknown>, to: SlotWriter): string {
  const slots: string[] = []
  let position = 0
  for (const value of values) slots.push(to.slot(value, position++))
  return `[${slots.join(',')}]`
}

type Contents = 'date' | 'map' | 'set' | 'regexp' | 'url'

/** Through the builtin methods, not those of the object: they also see that it is what its prototype says. */
function contentsText(value: object, type: Contents, to: SlotWriter): string {
  switch (type) {
    case 'date':
      return `["Date",${timeText(Date.prototype.getTime.call(value))}]`
    case 'url':
      return `["URL",${JSON.stringify((value as URL).href)}]`
    case 'regexp': {
      const { source, flags, lastIndex } = value as RegExp
      return `["RegExp",${JSON.stringify(source)},"${flags}",${to.slot(lastIndex, 'lastIndex')}]`
    }
    case 'map':
      return taggedSlots('Map', entriesInTurn(value as Map<unknown, unknown>), to)
    case 'set':
      return taggedSlots('Set', Set.prototype.values.call(value), to)
  }
}

/** An invalid date has no time. */
function timeText(time: number): string {
  return Number.isNaN(time) ? 'null' : String(time)
}

function taggedSlots(tag: string, values: Iterable<unknown>, to: SlotWriter): string {
  const slots = slotsText(values, to)
  return slots === '[]' ? `["${tag}"]` : `["${tag}",${slots.slice(1)}`
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
  if (key !== undefined)
    to.refuse(key, 'only the contents of such a builtin object can be stored, not properties set on it')
}
