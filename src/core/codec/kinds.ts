import * as errors from '../errors.ts'

/** What an object is, as far as storing it goes. Decided by its prototype alone. */
export type Kind =
  | { readonly type: 'object' | 'bare' | 'array' | 'date' | 'map' | 'set' | 'regexp' | 'url' }
  | { readonly type: 'bytes'; readonly name: string }
  /** Without a name: an error of a class we cannot bring back. */
  | { readonly type: 'error'; readonly name: string | undefined }
  /** An instance of a registered class. */
  | { readonly type: 'class'; readonly name: string }

/** Whatever has a name and a prototype: classes with private constructors included. */
export interface ClassType {
  readonly name: string
  readonly prototype: object
}

export type BytesClass = ClassType & (new (buffer: ArrayBuffer) => object)

const BYTES_NAMES = [
  'ArrayBuffer',
  'DataView',
  'Buffer',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
]

const NATIVE_ERROR_NAMES = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
  'SuppressedError',
  'DOMException',
]

/** Every class here can be made without its constructor; `WorkflowError` is abstract and so absent. */
const LIBRARY_ERRORS: readonly ClassType[] = [
  errors.StepError,
  errors.ChildError,
  errors.CompensationError,
  errors.TimeoutError,
  errors.CancelledError,
  errors.SerializationError,
  errors.NonDeterminismError,
  errors.NestedOperationError,
  errors.InvalidInputError,
  errors.RunConflictError,
  errors.RunNotFoundError,
  errors.StepNotFoundError,
  errors.RunBlockedError,
  errors.WorkflowNotFoundError,
  errors.EngineStoppedError,
  errors.StoreError,
]

/** The binary classes that this runtime has, by name. */
export const BYTES_CLASSES: ReadonlyMap<string, BytesClass> = new Map(
  globals(BYTES_NAMES).map((Class) => [Class.name, Class as BytesClass]),
)

/** The error classes that come back as themselves without being registered, by name. */
export const ERROR_CLASSES: ReadonlyMap<string, ClassType> = new Map(
  [...globals(NATIVE_ERROR_NAMES), ...LIBRARY_ERRORS].map((Class) => [Class.name, Class]),
)

const COLLECTIONS = [
  [Object, { type: 'object' }],
  [Array, { type: 'array' }],
  [Date, { type: 'date' }],
  [Map, { type: 'map' }],
  [Set, { type: 'set' }],
  [RegExp, { type: 'regexp' }],
  [URL, { type: 'url' }],
] as const satisfies readonly (readonly [ClassType, Kind])[]

const BUILTINS: readonly (readonly [ClassType, Kind])[] = [
  ...COLLECTIONS,
  ...[...BYTES_CLASSES].map(([name, Class]) => [Class, { type: 'bytes', name }] as const),
  ...[...ERROR_CLASSES].map(([name, Class]) => [Class, { type: 'error', name }] as const),
]

const BARE: Kind = { type: 'bare' }
const SOME_ERROR: Kind = { type: 'error', name: undefined }

export const BUILTIN_KINDS: ReadonlyMap<object, Kind> = new Map(
  BUILTINS.map(([Class, kind]) => [Class.prototype, kind]),
)

/** For objects of another realm (`node:vm`, test runners): their builtins have our names, not our prototypes. */
const KINDS_BY_NAME: ReadonlyMap<string, Kind> = new Map(BUILTINS.map(([Class, kind]) => [Class.name, kind]))

/** `undefined`: an object that cannot be stored. Throws what a hostile proxy throws. */
export function kindOf(value: object, kinds: ReadonlyMap<object, Kind>): Kind | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null) return BARE
  const known = kinds.get(prototype) ?? foreignKind(prototype)
  if (known !== undefined) return known
  return isError(value) ? SOME_ERROR : undefined
}

export function isError(value: object): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function foreignKind(prototype: object): Kind | undefined {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof maker !== 'function' || maker.prototype !== prototype) return undefined
  const kind = KINDS_BY_NAME.get(maker.name)
  return kind !== undefined && /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(maker))
    ? kind
    : undefined
}

function globals(names: readonly string[]): readonly ClassType[] {
  const scope = globalThis as unknown as Readonly<Record<string, ClassType | undefined>>
  return names.map((name) => scope[name]).filter((found) => found !== undefined)
}
