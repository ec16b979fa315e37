import type { Completion } from '../core/ports/effects.ts'

/** Committed completions on their way to the run loop, in order; one reader. */
export class Mailbox {
  #items: Completion[]
  #failure: { readonly error: unknown } | undefined
  #closed = false
  #wake: { resolve(items: readonly Completion[]): void; reject(error: unknown): void } | undefined

  constructor(recorded: readonly Completion[]) {
    this.#items = [...recorded]
  }

  /** The reader waits: it has dealt with everything that came. */
  get idle(): boolean {
    return this.#wake !== undefined
  }

  put(completion: Completion): void {
    this.#items.push(completion)
    this.#serve()
  }

  /** Nothing more will come, because of `error`. What came before is still delivered. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#serve()
  }

  /** The reader needs nothing more. */
  close(): void {
    this.#closed = true
    this.#serve()
  }

  take(): Promise<readonly Completion[]> {
    return new Promise((resolve, reject) => {
      this.#wake = { resolve, reject }
      this.#serve()
    })
  }

  #serve(): void {
    const wake = this.#wake
    if (wake === undefined || (this.#items.length === 0 && !this.#closed && this.#failure === undefined))
      return
    this.#wake = undefined
    if (this.#items.length === 0 && this.#failure !== undefined && !this.#closed) {
      wake.reject(this.#failure.error)
      return
    }
    const items = this.#items
    this.#items = []
    wake.resolve(items)
  }
}
