/**
 * What the code of an explored run sees of the process around it. Clocks and chance are the exploration's: another life
 * of a run finds another time and other luck, as it does after a real crash, and yet a seed repeats it all. Everything is
 * left as it was for code that belongs to no exploration, and after the last one.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Surroundings {
  now(): number
  random(): number
  uuid(): string
  /** The code has used something that no replay repeats. */
  touched(what: string): void
}

const current = new AsyncLocalStorage<Surroundings>()

export function surround<T>(surroundings: Surroundings, body: () => T): T {
  return current.run(surroundings, body)
}

export function surroundingsHere(): Surroundings | undefined {
  return current.getStore()
}

let explorations = 0
let giveBack: (() => void)[] = []

/** @returns puts the globals back, when the last of several explorations does */
export function replaceGlobals(): () => void {
  if (explorations++ === 0) giveBack = replaceAll()
  return () => {
    if (--explorations > 0) return
    for (const one of giveBack.toReversed()) one()
  }
}

type Made = (given: Surroundings) => unknown
type AnyFunction = (...given: unknown[]) => unknown

/** Asked for by the explored code, these give what the exploration says; only noted are those without a maker. */
const REPLACED: readonly (readonly [owner: object, where: string, name: string, make?: Made])[] = [
  [Math, 'Math.', 'random', (here) => here.random()],
  [performance, 'performance.', 'now', (here) => here.now()],
  [crypto, 'crypto.', 'randomUUID', (here) => here.uuid()],
  ...['setTimeout', 'setInterval', 'setImmediate', 'fetch'].map((name) => [globalThis, '', name] as const),
  ...['log', 'info', 'warn', 'error', 'debug'].map((name) => [console, 'console.', name] as const),
]

function replaceAll(): (() => void)[] {
  return [
    replaceDate(),
    ...REPLACED.map(([owner, where, name, make]) => replace(owner, name, `${where}${name}()`, make)),
  ]
}

function replace(owner: object, name: string, what: string, make: Made | undefined): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  const original = (owner as Record<string, AnyFunction | undefined>)[name]
  if (original === undefined) return () => undefined
  const instead = function (this: unknown, ...given: unknown[]): unknown {
    const here = current.getStore()
    here?.touched(what)
    return here === undefined || make === undefined ? original.apply(this, given) : make(here)
  }
  // Some carry properties (`setTimeout` what `promisify` looks for).
  Object.defineProperties(instead, Object.getOwnPropertyDescriptors(original))
  Object.defineProperty(owner, name, { value: instead, writable: true, configurable: true, enumerable: true })
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, before)
  }
}

function replaceDate(): () => void {
  const RealDate = Date
  const now = (what: string): number => {
    const here = current.getStore()
    here?.touched(what)
    return here === undefined ? RealDate.now() : here.now()
  }
  const nowProperty = (): number => now('Date.now()')
  const instead = new Proxy(RealDate, {
    get: (target, name, receiver): unknown =>
      name === 'now' ? nowProperty : Reflect.get(target, name, receiver),
    construct: (target, given, newTarget): object =>
      Reflect.construct(target, given.length === 0 ? [now('new Date()')] : given, newTarget),
    apply: () => new RealDate(now('Date()')).toString(),
  })
  globalThis.Date = instead
  Reflect.set(RealDate.prototype, 'constructor', instead)
  return () => {
    globalThis.Date = RealDate
    Reflect.set(RealDate.prototype, 'constructor', RealDate)
  }
}
