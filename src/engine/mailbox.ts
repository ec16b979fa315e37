import type { Completion } from '../core/ports/effects.ts'

/** What was recorded before, in order, a page at a time. */
export interface Pages {
  readonly more: boolean
  next(): Promise<readonly Completion[]>
}

/** Committed completions on their way to the run loop, in order; one reader. What was recorded before comes first. */
export class Mailbox {
  readonly #recorded: Pages
  #items: Completion[] = []
  #failure: { readonly error: unknown } | undefined
  #closed = false
  #wake: { resolve(items: readonly Completion[]): void; reject(error: unknown): void } | undefined

  constructor(recorded: Pages) {
    this.#recorded = recorded
  }

  /** The reader waits: it has dealt with everything that came. */
  get idle(): boolean {
    return this.#wake !== undefined
  }

  put(completion: Completion): void {
    this.#items.push(completion)
    this.#serve()
  }

  /** Nothing more will come, because of `error`. What came before is still delivered, but no further page is read. */
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
    if (this.#recorded.more && !this.#closed)
      return this.#failure === undefined ? this.#recorded.next() : Promise.reject(this.#failure.error)
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
