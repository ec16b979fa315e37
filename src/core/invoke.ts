import { checkOptions, name as checkName } from './check.ts'
import { show } from './duration.ts'
import { type CancelledError, ChildError } from './errors.ts'
import type { Leaf } from './host.ts'
import { createOperation } from './create-operation.ts'
import type { Operation, OperationCore, Work } from './operation.ts'
import type { ChildEffect, Completion, Key } from './ports/effects.ts'
import type { Scope } from './scope.ts'
import type { StopWatch } from './stop-watch.ts'

export interface InvokeOptions {
  /** The child's id. Default: derived from the parent's id and the operation's key. */
  readonly id?: string
}

/** A workflow as `ctx.invoke` sees it. */
export interface Invocable<I = never, O = unknown> {
  readonly name: string | undefined
  run(input: I): Promise<O>
}

/** Marks a workflow, also for another copy of this package in the same process. */
export const WORKFLOW: unique symbol = Symbol.for('ai-workflows.workflow')

export function isWorkflow(value: unknown): value is Invocable {
  return typeof value === 'object' && value !== null && WORKFLOW in value
}

const CHECKS = { id: checkName }

export function invokeIn<T>(
  scope: Scope,
  child: unknown,
  input: unknown,
  options: InvokeOptions | undefined,
  caller: object,
): Operation<T> {
  if (!isWorkflow(child)) throw new TypeError(`ctx.invoke(): expected a workflow, got ${show(child)}`)
  checkOptions('ctx.invoke()', options, CHECKS)
  const work = new InvokeWork(scope, child, input, options?.id)
  return createOperation(scope, work.key, work, caller) as Operation<T>
}

class InvokeWork implements Work, Leaf {
  readonly key: Key
  readonly #title: string
  readonly #scope: Scope
  readonly #effect: ChildEffect
  #operation: OperationCore | undefined

  /** @throws {SerializationError} the input cannot be stored: at the call, before anything runs */
  constructor(scope: Scope, child: Invocable, input: unknown, id: string | undefined) {
    const { name } = child
    this.key = scope.keyFor(name ?? 'invoke')
    this.#title = `ctx.invoke(${name === undefined ? 'a workflow without a name' : JSON.stringify(name)})`
    this.#scope = scope
    this.#effect = {
      kind: 'child',
      key: this.key,
      workflow: child,
      workflowName: name,
      input: scope.host.codec.encode(input, 'input'),
      id,
    }
  }

  titleOf(): string {
    return this.#title
  }

  begin(operation: OperationCore): void {
    this.#operation = operation
    this.#scope.host.start(this, this.#effect)
  }

  abort(_operation: OperationCore, reason: CancelledError, stops: StopWatch | undefined): void {
    this.#scope.host.cancel(this, reason)
    stops?.effect(this)
  }

  deliver(completion: Completion): void {
    const { codec } = this.#scope.host
    if (completion.kind === 'child-done') this.#operation?.fulfil(codec.decode(completion.payload))
    else if (completion.kind === 'child-failed') {
      const child = { runId: completion.name, workflow: this.#effect.workflowName ?? '(without a name)' }
      this.#operation?.reject(new ChildError(child, codec.decodeError(completion.payload)))
    }
  }
}
