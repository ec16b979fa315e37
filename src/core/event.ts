import { anything, callable, checkOptions, duration, name as checkName } from './check.ts'
import { type Duration, milliseconds, show } from './duration.ts'
import { CancelledError, TimeoutError } from './errors.ts'
import type { Leaf } from './host.ts'
import { derivedKey } from './key.ts'
import { createOperation } from './create-operation.ts'
import type { Operation, OperationCore, Work } from './operation.ts'
import type { Completion, EventEffect, Key } from './ports/effects.ts'
import type { Scope } from './scope.ts'
import { answer } from './user-code.ts'

export interface WaitForEventOptions {
  /** Only an event that it agrees to ends the wait; others are kept for other waits. Called once per event and wait, live only. */
  readonly filter?: (payload: any, name: string) => boolean // oxlint-disable-line no-explicit-any -- a payload is whatever was sent
  /** Counted from the start of the wait; the deadline survives a crash. */
  readonly timeout?: Duration
  /** What to return when the time is up, instead of throwing a `TimeoutError`. */
  readonly timeoutValue?: unknown
}

/** What a wait for several names resolves to. */
export interface ReceivedEvent {
  readonly name: string
  readonly payload: any // oxlint-disable-line no-explicit-any -- a payload is whatever was sent
}

const CHECKS = { filter: callable, timeout: duration, timeoutValue: anything }

export function waitForEventIn<T>(
  scope: Scope,
  names: string | readonly string[],
  options: WaitForEventOptions | undefined,
  caller: object,
): Operation<T> {
  if (typeof names !== 'string' && !(Array.isArray(names) && names.length > 0))
    throw new TypeError(
      `ctx.waitForEvent(): expected the name of an event or an array of names, got ${show(names)}`,
    )
  for (const one of typeof names === 'string' ? [names] : names) checkName(one, 'ctx.waitForEvent() name')
  checkOptions('ctx.waitForEvent()', options, CHECKS)
  const work = new EventWork(scope, names, options ?? {})
  return createOperation(scope, work.key, work, caller) as Operation<T>
}

class EventWork implements Work, Leaf {
  readonly key: Key
  readonly #title: string
  readonly #scope: Scope
  readonly #names: string | readonly string[]
  readonly #options: WaitForEventOptions
  #operation: OperationCore | undefined
  #timer: Leaf | undefined

  constructor(scope: Scope, names: string | readonly string[], options: WaitForEventOptions) {
    this.key = scope.keyFor(`event:${typeof names === 'string' ? names : names.join(',')}`)
    this.#title = `ctx.waitForEvent(${JSON.stringify(names)})`
    this.#scope = scope
    this.#names = names
    this.#options = options
  }

  titleOf(): string {
    return this.#title
  }

  begin(operation: OperationCore): void {
    const { timeout } = this.#options
    this.#operation = operation
    this.#scope.host.start(this, this.#effect())
    if (timeout !== undefined) this.#startTimer(milliseconds(timeout, 'timeout'))
  }

  abort(_operation: OperationCore, reason: CancelledError): void {
    this.#scope.host.cancel(this, reason)
    if (this.#timer !== undefined) this.#scope.host.cancel(this.#timer, reason)
  }

  deliver(completion: Completion): void {
    const { host } = this.#scope
    if (this.#timer !== undefined)
      host.cancel(this.#timer, new CancelledError({ kind: 'race-lost', by: this.key }))
    if (completion.kind === 'event-failed')
      this.#operation?.reject(host.codec.decodeError(completion.payload))
    if (completion.kind !== 'event-received') return
    const payload = host.codec.decode(completion.payload)
    this.#operation?.fulfil(typeof this.#names === 'string' ? payload : { name: completion.name, payload })
  }

  #effect(): EventEffect {
    const { filter } = this.#options
    const { codec } = this.#scope.host
    const names = typeof this.#names === 'string' ? [this.#names] : this.#names
    const effect = { kind: 'event', key: this.key, names } as const
    if (filter === undefined) return effect
    return {
      ...effect,
      accepts: (name, payload) => answer(filter(codec.decode(payload), name), 'The filter of a wait'),
    }
  }

  #startTimer(timeout: number): void {
    const timer: Leaf = { key: derivedKey(this.key, 'timeout'), deliver: () => this.#timeOut(timeout) }
    this.#timer = timer
    this.#scope.host.start(timer, { kind: 'timer', key: timer.key, duration: timeout })
  }

  #timeOut(timeout: number): void {
    const error = new TimeoutError(this.key, timeout)
    this.#scope.host.cancel(this, new CancelledError({ kind: 'timeout', by: this.key, cause: error }))
    if ('timeoutValue' in this.#options) this.#operation?.fulfil(this.#options.timeoutValue)
    else this.#operation?.reject(error)
  }
}
