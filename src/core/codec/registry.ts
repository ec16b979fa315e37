import { BUILTIN_KINDS, BYTES_CLASSES, ERROR_CLASSES, type ClassType, type Kind } from './kinds.ts'

/** All classes that one codec knows: builtin, the library's, and those of the user. */
export interface Registry {
  readonly kinds: ReadonlyMap<object, Kind>
  readonly classes: ReadonlyMap<string, ClassType>
  readonly errors: ReadonlyMap<string, ClassType>
}

/** Their contents live where only their constructors can put it. */
const EXOTIC: readonly ClassType[] = [
  Array,
  Function,
  Promise,
  Map,
  Set,
  WeakMap,
  WeakSet,
  WeakRef,
  Date,
  RegExp,
  URL,
  String,
  Number,
  Boolean,
  ArrayBuffer,
  DataView,
  Object.getPrototypeOf(Uint8Array) as ClassType,
  DOMException,
]

const RESERVED: ReadonlySet<string> = new Set([
  'Object',
  'BigInt',
  'Symbol',
  ...EXOTIC.map((Class) => Class.name),
  ...BYTES_CLASSES.keys(),
  ...ERROR_CLASSES.keys(),
])

/** A class is found again by its name, so the name is part of the stored format: beware of minifiers. */
export function createRegistry(classes: readonly ClassType[]): Registry {
  const kinds = new Map(BUILTIN_KINDS)
  const plain = new Map<string, ClassType>()
  const errors = new Map(ERROR_CLASSES)
  for (const Class of classes) {
    const name = checkedName(Class)
    if (plain.has(name) || errors.has(name)) {
      throw new TypeError(
        `classes: there are two named ${name}; a class is found again by its name, so rename one`,
      )
    }
    const isErrorClass = Class.prototype instanceof Error
    ;(isErrorClass ? errors : plain).set(name, Class)
    kinds.set(Class.prototype, { type: isErrorClass ? 'error' : 'class', name })
  }
  return { kinds, classes: plain, errors }
}

function checkedName(Class: unknown): string {
  if (typeof Class !== 'function' || typeof Class.prototype !== 'object' || Class.prototype === null) {
    throw new TypeError(
      `classes: expected a class, got ${typeof Class === 'function' ? 'a function' : describe(Class)}`,
    )
  }
  const name: unknown = Class.name
  if (typeof name !== 'string' || name === '') {
    throw new TypeError('classes: an anonymous class cannot be found again; give it a name')
  }
  if (RESERVED.has(name)) {
    throw new TypeError(
      `classes: ${name} is the name of a class that is stored without being registered; choose another`,
    )
  }
  const base = EXOTIC.find((Exotic) => (Class.prototype as unknown) instanceof (Exotic as new () => object))
  if (base !== undefined) {
    throw new TypeError(
      `classes: ${name} extends ${base.name}, whose contents only its constructor can restore; ` +
        `use a class that has a ${base.name} in a property`,
    )
  }
  return name
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value
}
