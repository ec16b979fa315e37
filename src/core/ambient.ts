/**
 * What follows code through all that is asynchronous: where it belongs. The store holds a `Scope` or a `StepFrame`.
 *
 * Node copies everybody's stores whenever one is set, and `run` sets twice: before the call and after it. Where a
 * million functions are called from jobs of the library's own, the second copy is saved (`inOwnJob`).
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** One for the process, so that a second copy of this package does not take code inside a run for code outside of one. */
const AMBIENT = Symbol.for('ai-workflows.ambient')
const shared = globalThis as { [AMBIENT]?: AsyncLocalStorage<unknown> }
const ambient = (shared[AMBIENT] ??= new AsyncLocalStorage<unknown>())

const NO_JOB = Symbol('no job')

/** While `inOwnJob` runs library code, what the store was before. */
let before: unknown = NO_JOB

export function ambientStore(): unknown {
  return ambient.getStore()
}

/** Calls user code with this store. */
export function runWith<T>(store: unknown, body: () => T): T {
  const job = before
  before = NO_JOB
  try {
    return ambient.run(store, body)
  } finally {
    before = job
  }
}

/**
 * The same for code that may be async; what it throws is a rejection. Resolved inside, so that an operation that is
 * returned without being awaited is awaited there.
 */
export function callWith<A, T>(
  store: unknown,
  fn: (argument: A) => T | PromiseLike<T>,
  argument: A,
): Promise<T> {
  try {
    return before === NO_JOB ? ambient.run(store, resolved<A, T>, fn, argument) : enter(store, fn, argument)
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Runs library code that perhaps calls user code with other stores, and may leave one of them behind. So nothing may
 * follow in the current job that looks at the store; a loop that goes on calls `restore`.
 */
export function inOwnJob<A, B>(body: (a: A, b: B) => void, a: A, b: B): void {
  const outer = before
  if (outer === NO_JOB) before = ambient.getStore()
  try {
    body(a, b)
  } finally {
    before = outer
  }
}

/** Calls user code that belongs to no run and to no step, whatever calls it. */
export function runOutside<T>(body: () => T): T {
  return before === NO_JOB && ambient.getStore() === undefined ? body() : runWith(undefined, body)
}

/** Undoes what `inOwnJob` may have left behind. */
export function restore(store: unknown): void {
  if (ambient.getStore() !== store) ambient.enterWith(store)
}

function enter<A, T>(store: unknown, fn: (argument: A) => T | PromiseLike<T>, argument: A): Promise<T> {
  const job = before
  before = NO_JOB
  try {
    ambient.enterWith(store)
    return resolved(fn, argument)
  } finally {
    before = job
  }
}

function resolved<A, T>(fn: (argument: A) => T | PromiseLike<T>, argument: A): Promise<T> {
  return Promise.resolve(fn(argument))
}
