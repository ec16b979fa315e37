import { parseJson } from './parse-json.ts'
import { damaged } from './read-error.ts'
import { objectShell } from './object-shell.ts'
import type { Registry } from './registry.ts'
import type { Shell } from './shell.ts'

/** The reverse of `writeGraph`. Never recursive; takes time in proportion to the text. */
export function readGraph(text: string, registry: Registry): unknown {
  const table: unknown = parseJson(text)
  if (!Array.isArray(table) || table.length === 0) throw damaged('it is not a table')
  const shells: Shell[] = []
  for (let i = 1; i < table.length; i++) shells.push(objectShell(table[i], registry))
  const valueOf = (slot: unknown): unknown =>
    typeof slot === 'object' && slot !== null ? slotValue(slot, shells) : slot
  for (const shell of shells) shell.fill?.(valueOf)
  return valueOf(table[0])
}

function slotValue(slot: object, shells: readonly Shell[]): unknown {
  if (!Array.isArray(slot)) throw damaged('an object stands where a slot should')
  if (slot.length === 0) return undefined
  const content: unknown = slot[0]
  if (typeof content === 'number') {
    const shell = shells[content - 1]
    if (shell === undefined) throw damaged(`it refers to object ${content}, which is not there`)
    return shell.value
  }
  return typeof content === 'string' ? specialValue(content) : damagedSlot()
}

function specialValue(name: string): number | bigint {
  switch (name) {
    case 'NaN':
      return Number.NaN
    case 'Infinity':
      return Number.POSITIVE_INFINITY
    case '-Infinity':
      return Number.NEGATIVE_INFINITY
    case '-0':
      return -0
    default:
      return /^-?\d+n$/.test(name) ? BigInt(name.slice(0, -1)) : damagedSlot()
  }
}

function damagedSlot(): never {
  throw damaged('a slot has unknown contents')
}
