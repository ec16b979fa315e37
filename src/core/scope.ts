import { ambientStore, callWith, runWith } from './ambient.ts'
import { type CancelledError, NestedOperationError, quote } from './errors.ts'
import type { Host } from './host.ts'
import { escapeName } from './key.ts'
import { LargeCounts } from './large-collections.ts'
import type { Key } from './ports/effects.ts'
import type { Logger } from './ports/logger.ts'
import { SmallSet } from './small-collections.ts'
import type { StopWatch } from './stop-watch.ts'

/** One plain `await` of an operation, or several in the scope of a branch that has ended. */
export interface Waiter {
  /** Its scope was cancelled: reject it and let go of the operation. */
  abandon(reason: CancelledError, stops: StopWatch | undefined): void
}

/** A function branch: most scopes of such branches make no key outside of a run. */
interface Prefixed {
  readonly prefix: string
}

/** Code that was refused so often goes round in circles: it catches its cancellation and tries again, for ever. */
const MOST_REFUSALS = 100_000

/**
 * The namespace in which operation names are counted, and the unit of cancellation for code: the run's root, or
 * one function branch. Cancelling it rejects every plain `await` in it and lets go of what those awaited (M2).
 */
export class Scope implements Waiter {
  readonly host: Host
  #prefix: string | Prefixed
  /** Undefined where keys identify nothing: outside of a run. */
  readonly #counts: LargeCounts | undefined
  /** Made when first needed: a branch that is a single step has none. */
  #waiters: SmallSet<Waiter> | undefined
  #controller: AbortController | undefined
  #cancelled: CancelledError | undefined
  #heir: Scope | undefined
  #refusals = 0

  /** @param prefix of the keys here; asked for only when there is one to make */
  constructor(host: Host, prefix: string | Prefixed) {
    this.host = host
    this.#prefix = prefix
    this.#counts = host.runId === undefined ? undefined : new LargeCounts()
  }

  /** Set once the scope is cancelled; from then on nothing starts in it. */
  get cancelled(): CancelledError | undefined {
    return this.#cancelled ?? this.#heir?.cancelled
  }

  /** Made when first asked for: most branches never look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.cancelled !== undefined) this.#controller.abort(this.cancelled)
    }
    return this.#controller.signal
  }

  /** The key of the next operation of this name here: `name`, `name#2`, `name#3` in creation order (M3). */
  keyFor(name: string): Key {
    const escaped = this.#path + escapeName(name)
    if (this.#counts === undefined) return escaped
    const count = this.#counts.next(name)
    return count === 1 ? escaped : `${escaped}#${count}`
  }

  /**
   * What an `await` gets once the scope is cancelled: the reason. A loop that catches it and awaits again would never
   * let go of the event loop, so in the end there is no answer any more.
   */
  refuse(reason: CancelledError): Promise<never> {
    this.#refusals++
    if (this.#refusals === MOST_REFUSALS) this.host.ranAway(this.#path)
    if (this.#refusals >= MOST_REFUSALS) return new Promise(() => undefined)
    const refused = Promise.reject(reason)
    refused.catch(() => undefined)
    return refused
  }

  get #path(): string {
    if (typeof this.#prefix !== 'string') this.#prefix = this.#prefix.prefix
    return this.#prefix
  }

  enter(waiter: Waiter): void {
    ;(this.#waiters ??= new SmallSet()).add(waiter)
    this.#heir?.enter(this)
  }

  leave(waiter: Waiter): void {
    this.#waiters?.delete(waiter)
    if (this.#waiters?.size === 0) this.#heir?.leave(this)
  }

  /**
   * The branch has ended, and with it the group's hold on this scope. What the branch began and did not wait for (a
   * helper that it only called) goes on, and is cancelled with the scope around it.
   */
  bequeath(heir: Scope): void {
    this.#heir = heir
    if (this.#waiters === undefined || this.#waiters.size === 0) return
    if (heir.cancelled === undefined) heir.enter(this)
    else this.cancel(heir.cancelled)
  }

  abandon(reason: CancelledError, stops: StopWatch | undefined): void {
    this.cancel(reason, stops)
  }

  cancel(reason: CancelledError, stops?: StopWatch): void {
    if (this.#cancelled !== undefined) return
    this.#cancelled = reason
    for (const waiter of this.#waiters ?? []) waiter.abandon(reason, stops)
    this.#waiters = undefined
    this.#heir?.leave(this)
    // In this scope: what its listeners start is refused, and what they leave behind is the run's (E6).
    const controller = this.#controller
    if (controller !== undefined) runInScope(this, () => controller.abort(reason))
  }
}

/** Marks the inside of a step's function, where no operation may be created or awaited (M6). */
export interface StepFrame {
  readonly stepName: string
  /** The function has ended: what it left behind (a server, a callback) is outside of it, and of the run. */
  readonly over: boolean
  readonly log: Logger
}

export function runInScope<T>(scope: Scope, body: () => T): T {
  scope.host.stir()
  return runWith(scope, body)
}

/** The same for code that may be async; what it throws is a rejection. */
export function callInScope<A, T>(
  scope: Scope,
  fn: (argument: A) => T | PromiseLike<T>,
  argument: A,
): Promise<T> {
  scope.host.stir()
  return callWith(scope, fn, argument)
}

/** The same inside a step, where what is returned is refused like what is awaited (M6). */
export function callInStep<A, T>(
  frame: StepFrame,
  fn: (argument: A) => T | PromiseLike<T>,
  argument: A,
): Promise<T> {
  return callWith(frame, fn, argument)
}

export function runInStep<T>(frame: StepFrame, body: () => T): T {
  return runWith(frame, body)
}

/**
 * The scope of the code that is running, or undefined outside of any.
 * @param what names the operation for the error, with its `name` if it has one
 * @throws {NestedOperationError} inside a step's function
 */
export function ambientScope(what: string, name?: string): Scope | undefined {
  const store = ambientStore() as Scope | StepFrame | undefined
  return store === undefined || store instanceof Scope || !store.over
    ? ambientRunScope(what, name)
    : undefined
}

/** The same for operations that belong to a run: what a step left behind is not replayed, so it may not create them. */
export function ambientRunScope(what: string, name?: string): Scope | undefined {
  const store = ambientStore() as Scope | StepFrame | undefined
  if (store === undefined || store instanceof Scope) return store
  if (!('stepName' in store)) return scopeOfAnotherCopy(store, what)
  throw new NestedOperationError(name === undefined ? what : `${what} ${quote(name)}`, store.stepName)
}

/** Outside of a run two copies of this package get on; inside one, the other's operations would go unrecorded. */
function scopeOfAnotherCopy(scope: Scope, what: string): undefined {
  if (scope.host.runId === undefined) return undefined
  throw new TypeError(
    `${what} was called from another copy of ai-workflows than the one that executes this run, and could not be recorded: ` +
      'make sure that the package is installed once (npm ls ai-workflows)',
  )
}

/** The logger of the run that the current code belongs to, inside its steps as well; undefined outside of a run. */
export function ambientRunLog(): Logger | undefined {
  const store = ambientStore() as Scope | StepFrame | undefined
  if (store === undefined || 'stepName' in store) return store?.log
  return store.host.runId === undefined ? undefined : store.host.log
}
