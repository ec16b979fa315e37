import { CancelledError, EngineStoppedError, StoreError } from '../core/errors.ts'

/** What the steps of a run that cannot go on in this process are told. The run itself is resumable, or goes on elsewhere. */
export function interruptionBy(error: unknown): CancelledError {
  if (error instanceof EngineStoppedError)
    return new CancelledError({ kind: 'engine-stopping', cause: error })
  const lost = error instanceof StoreError && error.problem === 'fenced'
  return new CancelledError({ kind: lost ? 'run-taken-over' : 'run-interrupted', cause: error })
}

/** What was cancelled for this is done again, here or elsewhere. */
export function isInterruption({ kind }: CancelledError): boolean {
  return kind === 'engine-stopping' || kind === 'run-interrupted' || kind === 'run-taken-over'
}

/** An abort signal that is made when somebody first asks for it: nobody does in most runs, and thousands of them may wait. */
export class LateSignal {
  #controller: AbortController | undefined
  #aborted: { readonly reason: unknown } | undefined

  /** Only the first time counts. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
  }

  throwIfAborted(): void {
    if (this.#aborted !== undefined) throw this.#aborted.reason
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }
}
