const HINTS: Readonly<Record<string, string>> = {
  Promise: 'it is a promise; await it first',
  WeakMap: 'a WeakMap cannot be stored; nobody can list what is in it',
  WeakSet: 'a WeakSet cannot be stored; nobody can list what is in it',
  WeakRef: 'a WeakRef cannot be stored; what it refers to may vanish',
  String: 'it is a boxed String; store the primitive',
  Number: 'it is a boxed Number; store the primitive',
  Boolean: 'it is a boxed Boolean; store the primitive',
  BigInt: 'it is a boxed BigInt; store the primitive',
  Symbol: 'it is a boxed Symbol; symbols cannot be stored',
  SharedArrayBuffer: 'a SharedArrayBuffer cannot be stored; copy it into an ArrayBuffer',
}

/** Why a value cannot be stored, and what to do. */
export function problemOf(value: unknown): string {
  if (typeof value === 'function') return 'it is a function; only data can be stored'
  if (typeof value === 'symbol') return 'it is a symbol; only data can be stored, so use a string'
  const object = value as object
  const name = classNameOf(object)
  if (Object.hasOwn(HINTS, name)) return HINTS[name] ?? ''
  if (typeof (object as { then?: unknown }).then === 'function') {
    return `it is a promise (a ${name} with a \`then\` method); await it first`
  }
  if (name.endsWith('Iterator') || name.endsWith('Generator') || name === 'Iterator Helper') {
    return `it is an iterator (${name}); collect what it gives into an array`
  }
  if (name === 'Object') {
    return 'it inherits from an object that is neither a registered class nor Object.prototype; return a plain object'
  }
  return (
    `it is an instance of class ${name}, which is not registered; ` +
    `register the class with the engine (\`classes\`) or return a plain object`
  )
}

/** What stands in an error for a property that cannot be stored. Never throws. */
export function placeholderFor(value: unknown): string {
  try {
    if (typeof value === 'function') return shorten(value.name ? `[function ${value.name}]` : '[function]')
    return shorten(typeof value === 'symbol' ? `[${value.toString()}]` : `[${classNameOf(value as object)}]`)
  } catch {
    return '[unreadable]'
  }
}

/** What its maker calls it; for iterators and the like, what it calls itself. */
function classNameOf(value: object): string {
  const maker: unknown = (value as { constructor?: unknown }).constructor
  const name: unknown = typeof maker === 'function' ? maker.name : undefined
  if (typeof name === 'string' && name !== '' && name !== 'Object') return name
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  return tag === 'Object' && name === '' ? '(anonymous)' : tag
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}…]` : text
}
