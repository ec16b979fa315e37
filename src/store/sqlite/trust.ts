/** Whether what this connection writes can be believed: not after an I/O error. */
import type { StoreError } from '../../core/errors.ts'
import { asStoreError, isIoFailure, unreliable } from './errors.ts'

export class Trust {
  readonly #path: string
  #lost: StoreError | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Why nothing may be written any more. */
  get lost(): StoreError | undefined {
    return this.#lost
  }

  /** @throws StoreError when nothing may be written any more. */
  require(): void {
    if (this.#lost !== undefined) throw this.#lost
  }

  /** What a write threw, as its caller is told. An I/O error ends the trust for good. */
  after(thrown: unknown): StoreError {
    if (isIoFailure(thrown)) this.#lost ??= unreliable(this.#path, thrown)
    return this.#lost ?? asStoreError(thrown, this.#path)
  }
}
