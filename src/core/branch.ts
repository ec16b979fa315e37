import type { CancelledError } from './errors.ts'
import { show } from './duration.ts'
import { branchPrefix } from './key.ts'
import { foreign, type Listener, type Operation, OperationCore } from './operation.ts'
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

/** Told, once, that one of its branches has settled. */
export interface BranchOwner {
  branchSettled(branch: Branch): void
}

/** One member of a group while the group runs. */
export interface Branch {
  /** Position, from 0. */
  readonly index: number
  /** In the journal and in messages. */
  readonly key: Key
  readonly state: 'queued' | 'running' | 'fulfilled' | 'rejected'
  /** The value, or what it failed with. */
  readonly outcome: unknown
  start(): void
  /** The group gives up on it. Nothing is told to the owner after this. */
  release(reason: CancelledError, stops: StopWatch | undefined): void
}

/** A branch that is an operation, perhaps wanted by others too. */
export class OperationBranch implements Branch, Listener {
  readonly index: number
  readonly #operation: OperationCore
  readonly #owner: BranchOwner
  #started = false

  constructor(index: number, operation: OperationCore, owner: BranchOwner) {
    this.index = index
    this.#operation = operation
    this.#owner = owner
    operation.want()
  }

  get key(): Key {
    return this.#operation.key
  }

  get state(): Branch['state'] {
    if (!this.#started) return 'queued'
    const { state } = this.#operation
    if (state === 'fulfilled') return 'fulfilled'
    return this.#operation.settled ? 'rejected' : 'running'
  }

  get outcome(): unknown {
    return this.#operation.outcome
  }

  start(): void {
    this.#started = true
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
  readonly key: Key
  readonly #fn: (branch: BranchContext) => unknown
  readonly #scope: Scope
  readonly #parent: Scope
  readonly #owner: BranchOwner
  #promise: Promise<unknown> | undefined
  #released = false
  state: Branch['state'] = 'queued'
  outcome: unknown

  constructor(
    index: number,
    fn: (branch: BranchContext) => unknown,
    place: { group: Key; label: string | number; parent: Scope },
    owner: BranchOwner,
  ) {
    const prefix = branchPrefix(place.group, place.label)
    this.index = index
    this.key = prefix.slice(0, -1)
    this.#fn = fn
    this.#parent = place.parent
    this.#scope = new Scope(place.parent.host, prefix)
    this.#owner = owner
  }

  start(): void {
    this.state = 'running'
    this.#promise = this.#call()
    this.#promise.then(
      (value) => this.#settle('fulfilled', value),
      (error: unknown) => this.#settle('rejected', error),
    )
  }

  release(reason: CancelledError, stops: StopWatch | undefined): void {
    this.#released = true
    if (this.state !== 'running') return
    this.#scope.cancel(reason, stops)
    if (this.#promise !== undefined) stops?.promise(this.#promise)
  }

  #call(): Promise<unknown> {
    const scope = this.#scope
    const context: BranchContext = {
      get signal() {
        return scope.signal
      },
    }
    return callInScope(scope, () => this.#fn(context))
  }

  #settle(state: 'fulfilled' | 'rejected', outcome: unknown): void {
    if (this.#released) return
    this.state = state
    this.outcome = outcome
    this.#scope.bequeath(this.#parent)
    this.#owner.branchSettled(this)
  }
}

/** Branches by position, with the names of a record kept beside. */
export interface BranchList {
  readonly inputs: readonly unknown[]
  /** Undefined for an array. */
  readonly names: readonly string[] | undefined
}

/**
 * @throws {TypeError} neither an array nor a record, or a member that is neither an operation nor a function (M8)
 */
export function branchList(where: string, branches: unknown, here: Scope): BranchList {
  const list = toList(where, branches)
  const { inputs, names } = list
  for (let index = 0; index < inputs.length; index++) {
    const input = inputs[index]
    const at = names === undefined ? `[${index}]` : `[${JSON.stringify(names[index])}]`
    if (input instanceof OperationCore) {
      const problem = foreign(input, here)
      if (problem !== undefined) throw new TypeError(`${where} branch ${at}: ${problem.message}`)
    } else if (typeof input !== 'function') throw new TypeError(notABranch(where, at, input))
  }
  return list
}

function toList(where: string, branches: unknown): BranchList {
  if (Array.isArray(branches)) return { inputs: Array.from(branches as readonly unknown[]), names: undefined }
  if (typeof branches === 'object' && branches !== null && isRecord(branches)) {
    const names = Object.keys(branches)
    const record = branches as Readonly<Record<string, unknown>>
    return { inputs: names.map((name) => record[name]), names }
  }
  throw new TypeError(`${where}: expected an array or a record of branches, got ${describe(branches)}`)
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

function notABranch(where: string, at: string, input: unknown): string {
  const thenable =
    typeof input === 'object' && input !== null && typeof (input as { then?: unknown }).then === 'function'
  return thenable
    ? `${where} branch ${at}: a promise is already running, so it can be neither limited nor cancelled. Pass a function, \`() => …\`, or a step`
    : `${where} branch ${at}: expected an operation (such as a step) or a function, got ${describe(input)}`
}

function describe(value: unknown): string {
  return value instanceof OperationCore ? `one operation (${value.work.title})` : show(value)
}
