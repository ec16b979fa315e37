import { type Duration, milliseconds } from './duration.ts'
import type { CancelledError } from './errors.ts'
import type { Leaf } from './host.ts'
import { createOperation } from './create-operation.ts'
import type { Operation, OperationCore, Work } from './operation.ts'
import type { Key } from './ports/effects.ts'
import type { Scope } from './scope.ts'

export function sleepIn(scope: Scope, duration: Duration, caller: object): Operation<void> {
  const work = new SleepWork(scope, milliseconds(duration, 'ctx.sleep() duration'))
  return createOperation(scope, work.key, work, caller) as Operation<void>
}

class SleepWork implements Work, Leaf {
  readonly key: Key
  readonly #title: string
  readonly #scope: Scope
  readonly #duration: number
  #operation: OperationCore | undefined

  constructor(scope: Scope, duration: number) {
    this.key = scope.keyFor('sleep')
    this.#title = `ctx.sleep(${duration})`
    this.#scope = scope
    this.#duration = duration
  }

  titleOf(): string {
    return this.#title
  }

  begin(operation: OperationCore): void {
    this.#operation = operation
    this.#scope.host.start(this, { kind: 'timer', key: this.key, duration: this.#duration })
  }

  abort(_operation: OperationCore, reason: CancelledError): void {
    this.#scope.host.cancel(this, reason)
  }

  deliver(): void {
    this.#operation?.fulfil(undefined)
  }
}
