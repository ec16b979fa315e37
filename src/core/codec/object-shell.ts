import { fromBase64 } from './bytes.ts'
import { errorShell } from './error-shell.ts'
import { BYTES_CLASSES } from './kinds.ts'
import { damaged, readError, unknownClass } from './read-error.ts'
import type { Registry } from './registry.ts'
import { defineOwn, type Fill, type Properties, type Shell } from './shell.ts'

/** Undoes `objectNode`. What `JSON.parse` made is used in place wherever possible. */
export function objectShell(node: unknown, registry: Registry): Shell {
  if (!Array.isArray(node)) return propertiesShell(propertiesOf(node))
  const parts: readonly unknown[] = node
  const tag = parts[0]
  if (Array.isArray(tag)) return arrayShell(tag)
  switch (tag) {
    case 'bare':
      return withPrototype(parts[1], null)
    case 'class':
      return withPrototype(parts[2], classNamed(parts[1], registry).prototype)
    case 'array':
      return sparseArray(parts[1], propertiesOf(parts[2]))
    case 'Map':
      return mapShell(parts)
    case 'Set':
      return setShell(parts)
    case 'RegExp':
      return regexpShell(parts)
    case 'Date':
      return { value: new Date(typeof parts[1] === 'number' ? parts[1] : Number.NaN) }
    case 'URL':
      return { value: new URL(textOf(parts[1])) }
    case 'Error':
      return errorShell(textOf(parts[1]), propertiesOf(parts[2]), propertiesOf(parts[3]), registry)
    case 'Lost':
      return { value: textOf(parts[1]) }
    default:
      return { value: bytesOf(textOf(tag), textOf(parts[1])) }
  }
}

/** Every key is an own data property already, so that neither a setter nor a prototype can be reached. */
function propertiesShell(value: Properties): Shell {
  const fill: Fill = (valueOf) => {
    for (const key of Object.keys(value)) {
      const slot = value[key]
      if (typeof slot === 'object' && slot !== null) value[key] = valueOf(slot)
    }
  }
  return { value, fill }
}

function arrayShell(value: unknown[]): Shell {
  const fill: Fill = (valueOf) => {
    for (let i = 0; i < value.length; i++) {
      const slot = value[i]
      if (typeof slot === 'object' && slot !== null) value[i] = valueOf(slot)
    }
  }
  return { value, fill }
}

function withPrototype(node: unknown, prototype: object | null): Shell {
  const value = propertiesOf(node)
  Object.setPrototypeOf(value, prototype)
  return propertiesShell(value)
}

function sparseArray(length: unknown, properties: Properties): Shell {
  const value: unknown[] = []
  value.length = length as number
  const fill: Fill = (valueOf) => {
    for (const key of Object.keys(properties)) defineOwn(value, key, valueOf(properties[key]), true)
  }
  return { value, fill }
}

function mapShell(parts: readonly unknown[]): Shell {
  const value = new Map<unknown, unknown>()
  const fill: Fill = (valueOf) => {
    for (let i = 1; i < parts.length; i += 2) value.set(valueOf(parts[i]), valueOf(parts[i + 1]))
  }
  return { value, fill }
}

function setShell(parts: readonly unknown[]): Shell {
  const value = new Set<unknown>()
  const fill: Fill = (valueOf) => {
    for (let i = 1; i < parts.length; i++) value.add(valueOf(parts[i]))
  }
  return { value, fill }
}

function regexpShell(parts: readonly unknown[]): Shell {
  const value = new RegExp(textOf(parts[1]), textOf(parts[2]))
  const fill: Fill = (valueOf) => {
    value.lastIndex = valueOf(parts[3]) as number
  }
  return { value, fill }
}

function bytesOf(name: string, base64: string): unknown {
  const bytes = fromBase64(base64)
  if (name === 'ArrayBuffer') return bytes
  if (name === 'Buffer') return bufferOver(bytes)
  const Class = BYTES_CLASSES.get(name)
  if (Class === undefined)
    throw readError(`it has a ${name}, which this version or this runtime does not know`)
  return new Class(bytes)
}

/** A `Uint8Array` where there is no Node. */
function bufferOver(bytes: ArrayBuffer): Uint8Array {
  const value = new Uint8Array(bytes)
  const Buffer = BYTES_CLASSES.get('Buffer')
  return Buffer === undefined ? value : (Object.setPrototypeOf(value, Buffer.prototype) as Uint8Array)
}

function classNamed(name: unknown, registry: Registry): { readonly prototype: object } {
  const Class = registry.classes.get(textOf(name))
  if (Class === undefined) throw unknownClass(textOf(name))
  return Class
}

function propertiesOf(node: unknown): Properties {
  if (typeof node !== 'object' || node === null || Array.isArray(node))
    throw damaged('properties are missing')
  return node as Properties
}

function textOf(part: unknown): string {
  if (typeof part !== 'string') throw damaged('a text is missing')
  return part
}
