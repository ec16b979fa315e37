import type { CancelledError } from './errors.ts'
import { ambientScope, type Scope, type Waiter } from './scope.ts'
import type { Tracked } from './host.ts'
import type { Key } from './ports/effects.ts'
import type { StopWatch } from './stop-watch.ts'

declare const result: unique symbol

/**
 * A unit of durable work that has not begun: what `step`, `parallel`, `race`, `any`, `ctx.invoke`, `ctx.sleep` and
 * `ctx.waitForEvent` return. It starts when it is first awaited, or when a group starts it (M1), and runs once
 * however often it is awaited (M2).
 */
// oxlint-disable no-explicit-any -- reasons are `any` as in the language's own Promise, so that handlers may say what they expect
export interface Operation<out T> extends PromiseLike<T> {
  /** Type only: what it resolves to. */
  readonly [result]?: T
  /** Type only: a promise has one, so that none can be taken for an operation (M8). */
  readonly [Symbol.toStringTag]?: never
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B>
  catch<B = never>(onRejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B>
  finally(onFinally?: (() => void) | null): Promise<T>
}
// oxlint-enable no-explicit-any

export type OperationState = 'created' | 'running' | 'fulfilled' | 'rejected' | 'cancelled'

/** What an operation does: a step, a wait, a group. */
export interface Work {
  /** How the operation is called in messages: `step "charge"`. */
  titleOf(operation: OperationCore): string
  begin(operation: OperationCore): void
  /** Nobody wants it any more. It has begun and has not settled. */
  abort(operation: OperationCore, reason: CancelledError, stops: StopWatch | undefined): void
  /** The same, and calls back when those who await it may know: a group first waits for what it gave up, if it is to. */
  abortAndWait?(
    operation: OperationCore,
    reason: CancelledError,
    stops: StopWatch | undefined,
    stopped: () => void,
  ): void
}

/** Told, once and synchronously, that an operation has settled. */
export interface Listener {
  settled(operation: OperationCore): void
}

/**
 * The one implementation of `Operation`. Invariants:
 * 1. `created → running → fulfilled | rejected | cancelled`, or `created → cancelled`; a settled one never changes.
 * 2. It is cancelled exactly when its last want is withdrawn before it settled (M2).
 * 3. Every promise it hands out has a handler for rejections that come from here (E6).
 */
export class OperationCore implements Operation<unknown> {
  readonly key: Key
  readonly scope: Scope
  readonly work: Work
  /** The work's own, until the operation has settled. */
  subject: unknown
  /** Where it was created: an Error whose stack is formatted only if somebody asks. */
  place: { stack?: string } | undefined = undefined
  older: Tracked | undefined = undefined
  newer: Tracked | undefined = undefined
  #state: OperationState = 'created'
  #outcome: unknown = undefined
  #wants = 0
  /** Most operations have one of these two. */
  #listener: Listener | undefined = undefined
  #waiter: PlainAwait | undefined = undefined
  #others: Others | undefined = undefined

  constructor(scope: Scope, key: Key, work: Work, subject: unknown) {
    this.scope = scope
    this.key = key
    this.work = work
    this.subject = subject
    scope.host.created(this)
  }

  get title(): string {
    return this.work.titleOf(this)
  }

  get state(): OperationState {
    return this.#state
  }

  get settled(): boolean {
    return this.#state !== 'created' && this.#state !== 'running'
  }

  /** The value, or what it rejects with; undefined before it settles. */
  get outcome(): unknown {
    return this.#outcome
  }

  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const awaited = this.#await()
    const derived = awaited.then(onFulfilled, onRejected)
    // Invariant 3: a rejection that only passes through is not the caller's; one that the caller's own handler throws is.
    if (typeof onRejected !== 'function') awaited.catch(() => derived.catch(ignore))
    return derived
  }

  catch(onRejected?: ((reason: unknown) => unknown) | null): Promise<unknown> {
    return this.then(undefined, onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    const awaited = this.#await()
    const derived = awaited.finally(onFinally)
    awaited.catch(() => derived.catch(ignore))
    return derived
  }

  /** One more group or `await` wants it. */
  want(): void {
    this.#wants++
  }

  /** One fewer does. The last one to go aborts it. */
  unwant(reason: CancelledError, stops: StopWatch | undefined): void {
    if (this.#isGivenUp(reason)) this.work.abort(this, reason, stops)
  }

  /** The same for an `await` that is rejected: `stopped` rejects it, at once, or when the group that it awaits has stopped. */
  unawait(reason: CancelledError, stops: StopWatch | undefined, stopped: () => void): void {
    const { work } = this
    if (work.abortAndWait === undefined) {
      stopped()
      this.unwant(reason, stops)
    } else if (this.#isGivenUp(reason)) work.abortAndWait(this, reason, stops, stopped)
    else stopped()
  }

  /** Withdraws a want. @returns whether it was the last one, and what has begun must be aborted */
  #isGivenUp(reason: CancelledError): boolean {
    this.#wants--
    if (this.#wants > 0 || this.settled) return false
    const begun = this.#state === 'running'
    this.#settle('cancelled', reason)
    return begun
  }

  /** Begins it, unless it has begun. */
  start(): void {
    if (this.#state !== 'created') return
    this.#state = 'running'
    this.place = undefined
    this.scope.host.adopted(this)
    this.work.begin(this)
  }

  listen(listener: Listener): void {
    if (this.#listener === undefined) this.#listener = listener
    else this.#more.listeners.add(listener)
  }

  unlisten(listener: Listener): void {
    if (this.#listener === listener) this.#listener = undefined
    else this.#others?.listeners.delete(listener)
  }

  fulfil(value: unknown): void {
    this.#settle('fulfilled', value)
  }

  reject(error: unknown): void {
    this.#settle('rejected', error)
  }

  #settle(state: OperationState, outcome: unknown): void {
    if (this.settled) return
    this.#state = state
    this.#outcome = outcome
    if (state !== 'cancelled') this.subject = undefined // what is cancelled is aborted next
    const first = this.#listener
    const waiter = this.#waiter
    const others = this.#others
    this.#listener = undefined
    this.#waiter = undefined
    this.#others = undefined
    first?.settled(this)
    if (others !== undefined) for (const listener of others.listeners) listener.settled(this)
    waiter?.settle(state === 'fulfilled', outcome)
    if (others !== undefined) for (const other of others.waiters) other.settle(state === 'fulfilled', outcome)
  }

  get #more(): Others {
    this.#others ??= { listeners: new Set(), waiters: new Set() }
    return this.#others
  }

  #await(): Promise<unknown> {
    const here = ambientScope('An await of', this.key) ?? this.scope
    if (this.#state === 'fulfilled') return Promise.resolve(this.#outcome)
    if (this.settled) return rejected(this.#outcome)
    const stranger = foreign(this, here)
    const { cancelled } = here
    if (stranger !== undefined || cancelled !== undefined) this.scope.host.adopted(this)
    if (stranger !== undefined) return rejected(stranger)
    if (cancelled !== undefined) return here.refuse(cancelled)
    const waiter = new PlainAwait(this, here)
    if (this.#waiter === undefined && this.#others === undefined) this.#waiter = waiter
    else this.#more.waiters.add(waiter)
    this.want()
    this.start()
    return waiter.promise
  }

  /** Forgets a plain await whose scope was cancelled. */
  drop(waiter: PlainAwait): void {
    if (this.#waiter === waiter) this.#waiter = undefined
    else this.#others?.waiters.delete(waiter)
  }
}

/** Who else wants to know. */
interface Others {
  readonly listeners: Set<Listener>
  readonly waiters: Set<PlainAwait>
}

class PlainAwait implements Waiter {
  readonly promise: Promise<unknown>
  readonly #operation: OperationCore
  readonly #scope: Scope
  #resolve!: (value: unknown) => void
  #reject!: (reason: unknown) => void

  constructor(operation: OperationCore, scope: Scope) {
    this.#operation = operation
    this.#scope = scope
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.promise.catch(ignore)
    scope.enter(this)
  }

  settle(fulfilled: boolean, outcome: unknown): void {
    this.#scope.leave(this)
    this.#scope.host.stir()
    if (fulfilled) this.#resolve(outcome)
    else this.#reject(outcome)
  }

  abandon(reason: CancelledError, stops: StopWatch | undefined): void {
    this.#operation.drop(this)
    this.#operation.unawait(reason, stops, () => {
      this.#scope.host.stir()
      this.#reject(reason)
    })
  }
}

/** Work that belongs to one run cannot be recorded, or cancelled, by another. */
export function foreign(operation: OperationCore, here: Scope): TypeError | undefined {
  if (operation.scope.host === here.host) return undefined
  const home = operation.scope.host.runId
  const owner = home === undefined ? 'outside of any run' : `by run ${JSON.stringify(home)}`
  return new TypeError(
    `${operation.title} was created ${owner} and is used in ${here.host.runId === undefined ? 'code outside of it' : `run ${JSON.stringify(here.host.runId)}`}: create it where it is used`,
  )
}

function rejected(reason: unknown): Promise<never> {
  const promise = Promise.reject(reason)
  promise.catch(ignore)
  return promise
}

function ignore(): void {}
