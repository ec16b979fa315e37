import { inOwnJob } from './ambient.ts'
import type { CancelledError } from './errors.ts'
import { branchPrefix } from './key.ts'
import type { Listener, Operation, OperationCore } from './operation.ts'
import type { Key } from './ports/effects.ts'
import { callInScope, Scope } from './scope.ts'
import type { StopWatch } from './stop-watch.ts'

/** What a function branch is given. */
export interface BranchContext {
  /** Aborted when the group gives this branch up. */
  readonly signal: AbortSignal
}

/** A member of a group: an operation, or a function that may await several. */
export type BranchInput<T = unknown> = Operation<T> | ((branch: BranchContext) => T | PromiseLike<T>)

/** The group, as its branches see it. */
export interface BranchOwner {
  readonly key: Key
  readonly scope: Scope
  /** What a branch is called: its name in a record, else its position. */
  labelOf(index: number): string | number
  /** Called once by each branch, unless it was released. */
  branchSettled(branch: Branch): void
}

/**
 * One member of a group from its start until it has settled. Before and after that there is none: a group may have a
 * million members.
 */
export interface Branch {
  /** Position, from 0. */
  readonly index: number
  /** Where the group keeps it while it runs. */
  slot: number
  /** In the journal and in messages. */
  readonly key: Key
  /** Said once it has settled. */
  readonly fulfilled: boolean
  /** The value, or what it failed with. */
  readonly outcome: unknown
  start(): void
  /** The group gives up on it. Nothing is told to the owner after this. */
  release(reason: CancelledError, stops: StopWatch | undefined): void
}

/** A branch that is an operation, perhaps wanted by others too. */
export class OperationBranch implements Branch, Listener {
  readonly index: number
  slot = 0
  readonly #operation: OperationCore
  readonly #owner: BranchOwner

  constructor(index: number, operation: OperationCore, owner: BranchOwner) {
    this.index = index
    this.#operation = operation
    this.#owner = owner
  }

  get key(): Key {
    return this.#operation.key
  }

  get fulfilled(): boolean {
    return this.#operation.state === 'fulfilled'
  }

  get outcome(): unknown {
    return this.#operation.outcome
  }

  start(): void {
    if (this.#operation.settled) {
      this.#owner.branchSettled(this)
      return
    }
    this.#operation.listen(this)
    this.#operation.start()
  }

  settled(): void {
    this.#owner.branchSettled(this)
  }

  release(reason: CancelledError, stops: StopWatch | undefined): void {
    if (this.#operation.settled) return
    this.#operation.unlisten(this)
    this.#operation.unwant(reason, stops)
  }
}

/** A branch that is a function: a scope of its own, so that names in it collide with no other branch's. */
export class FunctionBranch implements Branch {
  readonly index: number
  slot = 0
  fulfilled = false
  outcome: unknown
  readonly #fn: (branch: BranchContext) => unknown
  readonly #owner: BranchOwner
  readonly #scope: Scope
  #promise: Promise<unknown> | undefined
  #released = false

  constructor(index: number, fn: (branch: BranchContext) => unknown, owner: BranchOwner) {
    this.index = index
    this.#fn = fn
    this.#owner = owner
    this.#scope = new Scope(owner.scope.host, this)
  }

  /** Of the keys in its scope. */
  get prefix(): string {
    return branchPrefix(this.#owner.key, this.#owner.labelOf(this.index))
  }

  get key(): Key {
    return this.prefix.slice(0, -1)
  }

  start(): void {
    this.#promise = callInScope(this.#scope, this.#fn, new ScopeSignal(this.#scope))
    this.#promise.then(
      (value) => this.#settle(true, value),
      (error: unknown) => this.#settle(false, error),
    )
  }

  release(reason: CancelledError, stops: StopWatch | undefined): void {
    this.#released = true
    this.#scope.cancel(reason, stops)
    if (this.#promise !== undefined) stops?.promise(this.#promise)
  }

  #settle(fulfilled: boolean, outcome: unknown): void {
    if (this.#released) return
    this.fulfilled = fulfilled
    this.outcome = outcome
    this.#scope.bequeath(this.#owner.scope)
    inOwnJob(tellOwner, this.#owner, this)
  }
}

function tellOwner(owner: BranchOwner, branch: Branch): void {
  owner.branchSettled(branch)
}

class ScopeSignal implements BranchContext {
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }
}
