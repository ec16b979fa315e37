/** Where a group's branches come from. */
import type { BranchInput } from './branch.ts'
import { show } from './duration.ts'
import { MOST_MEMBERS } from './group-shape.ts'
import type { CancelledError } from './errors.ts'
import { foreign, OperationCore } from './operation.ts'
import type { Key } from './ports/effects.ts'
import { runInScope, type Scope } from './scope.ts'
import type { StopWatch } from './stop-watch.ts'
import { notify } from './user-code.ts'

/** Gives out branches in input order, one at a time, and forgets each as it does. */
export interface BranchSource {
  /** Of a record; undefined where branches are known by their position. */
  readonly names: readonly string[] | undefined
  /** How many branches there are, as far as is known. */
  readonly size: number
  /** Whether `take` may have one. */
  readonly more: boolean
  /** Branches come one by one, as there is a place for them. */
  readonly grows: boolean
  /** Keys of the branches that are operations, as in `GroupShape`: before any was taken; where they come one by one, of those so far. */
  keys(): readonly Key[] | undefined
  /** The group begins: it wants what is there. */
  want(): void
  /**
   * The next branch, wanted; undefined if there was none after all.
   * @throws whatever an iterator throws, and TypeError for what is no branch (M8): there is no more then
   */
  take(): BranchInput | undefined
  /** The group ends without those that were not taken. */
  release(reason: CancelledError, stops: StopWatch | undefined): void
}

/** An array or a record: all branches exist, and were checked. */
export class BranchList implements BranchSource {
  readonly names: readonly string[] | undefined
  readonly grows = false
  readonly #inputs: (BranchInput | undefined)[]
  /** A million functions are looked at once. */
  readonly #hasOperations: boolean
  #taken = 0

  /** @throws {TypeError} a member that is neither an operation nor a function (M8) */
  constructor(where: string, inputs: unknown[], names: readonly string[] | undefined, here: Scope) {
    let hasOperations = false
    for (let index = 0; index < inputs.length; index++) {
      const input = inputs[index]
      checkBranch(where, names === undefined ? index : (names[index] ?? index), input, here)
      hasOperations ||= typeof input !== 'function'
    }
    this.#inputs = inputs as BranchInput[]
    this.#hasOperations = hasOperations
    this.names = names
    if (hasOperations)
      for (const input of inputs) if (input instanceof OperationCore) here.host.adopted(input)
  }

  get size(): number {
    return this.#inputs.length
  }

  get more(): boolean {
    return this.#taken < this.#inputs.length
  }

  keys(): readonly Key[] | undefined {
    if (!this.#hasOperations || this.#inputs.length > MOST_MEMBERS) return undefined
    return this.#inputs.map((input) => (input instanceof OperationCore ? input.key : ''))
  }

  want(): void {
    if (!this.#hasOperations) return
    for (const input of this.#inputs) if (input instanceof OperationCore) input.want()
  }

  take(): BranchInput | undefined {
    const input = this.#inputs[this.#taken]
    this.#inputs[this.#taken++] = undefined
    return input
  }

  release(reason: CancelledError, stops: StopWatch | undefined): void {
    while (this.more) {
      const input = this.take()
      if (input instanceof OperationCore && !input.settled) input.unwant(reason, stops)
    }
  }
}

/**
 * An iterable, pulled when a place is free: at the start of the group and as branches settle, which a replay repeats. Its
 * code runs in the group's scope.
 */
export class BranchIterator implements BranchSource {
  readonly names = undefined
  readonly grows = true
  readonly #where: string
  readonly #iterable: Iterable<unknown>
  readonly #scope: Scope
  #iterator: Iterator<unknown> | undefined
  #taken = 0
  #more = true
  /** Of all that were taken; none when there are too many. */
  #keys: Key[] = []
  #hasOperations = false

  constructor(where: string, iterable: Iterable<unknown>, scope: Scope) {
    this.#where = where
    this.#iterable = iterable
    this.#scope = scope
  }

  get size(): number {
    return this.#taken
  }

  get more(): boolean {
    return this.#more
  }

  keys(): readonly Key[] | undefined {
    return this.#hasOperations && this.#taken <= MOST_MEMBERS ? this.#keys : undefined
  }

  want(): void {}

  take(): BranchInput | undefined {
    return runInScope(this.#scope, () => this.#pull())
  }

  release(): void {
    if (!this.#more) return
    this.#more = false
    this.#close()
  }

  #pull(): BranchInput | undefined {
    const pulled = this.#next()
    if (pulled.done === true) {
      this.#more = false
      return undefined
    }
    const input = pulled.value
    try {
      checkBranch(this.#where, this.#taken, input, this.#scope)
    } catch (error) {
      this.release()
      throw error
    }
    const isOperation = input instanceof OperationCore
    this.#remember(isOperation ? input.key : '')
    if (isOperation) {
      this.#hasOperations = true
      this.#scope.host.adopted(input)
      input.want()
    }
    return input as BranchInput
  }

  #remember(key: Key): void {
    if (++this.#taken <= MOST_MEMBERS) this.#keys.push(key)
    else if (this.#keys.length > 0) this.#keys = []
  }

  #next(): IteratorResult<unknown> {
    try {
      this.#iterator ??= this.#iterable[Symbol.iterator]()
      return this.#iterator.next()
    } catch (error) {
      this.#more = false
      throw error
    }
  }

  /** Like `for … of` that is left by a throw: what the iterator has to say about it changes nothing. */
  #close(): void {
    const iterator = this.#iterator
    if (iterator?.return === undefined) return
    const warn = (error: unknown): void =>
      this.#scope.host.log.warn(`${this.#where}: the iterator of branches threw when it was closed`, {
        error,
      })
    runInScope(this.#scope, () => notify(() => iterator.return?.(), warn))
  }
}

/**
 * @param iterables whether branches may come from an iterable, too
 * @throws {TypeError} none of these, or a member that is neither an operation nor a function (M8)
 */
export function branchSource(
  where: string,
  branches: unknown,
  here: Scope,
  iterables: boolean,
): BranchSource {
  if (Array.isArray(branches))
    return new BranchList(where, Array.from(branches as readonly unknown[]), undefined, here)
  if (typeof branches === 'object' && branches !== null && !(branches instanceof OperationCore)) {
    if (iterables && isIterable(branches)) return new BranchIterator(where, branches, here)
    if (isRecord(branches)) {
      const names = Object.keys(branches)
      return new BranchList(
        where,
        names.map((name) => branches[name]),
        names,
        here,
      )
    }
    if (iterables && Symbol.asyncIterator in branches)
      throw new TypeError(
        `${where}: an async iterable of branches would yield others on a replay. Fetch what it is made of in steps, and pass an array or a (sync) iterable`,
      )
  }
  const expected = iterables
    ? 'an iterable, an array or a record of branches'
    : 'an array or a record of branches'
  throw new TypeError(`${where}: expected ${expected}, got ${describe(branches)}`)
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function'
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

function checkBranch(where: string, label: string | number, input: unknown, here: Scope): void {
  if (typeof input === 'function') return
  if (!(input instanceof OperationCore)) throw new TypeError(notABranch(where, label, input))
  const problem = foreign(input, here)
  if (problem !== undefined) throw new TypeError(`${branchAt(where, label)}: ${problem.message}`)
}

function notABranch(where: string, label: string | number, input: unknown): string {
  const thenable =
    typeof input === 'object' && input !== null && typeof (input as { then?: unknown }).then === 'function'
  return thenable
    ? `${branchAt(where, label)}: a promise is already running, so it can be neither limited nor cancelled. Pass a function, \`() => …\`, or a step`
    : `${branchAt(where, label)}: expected an operation (such as a step) or a function, got ${describe(input)}`
}

function branchAt(where: string, label: string | number): string {
  return `${where} branch [${JSON.stringify(label)}]`
}

function describe(value: unknown): string {
  return value instanceof OperationCore ? `one operation (${value.title})` : show(value)
}
