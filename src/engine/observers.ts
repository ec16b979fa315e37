import type { Logger } from '../core/ports/logger.ts'
import type { Observer, RunEvent } from '../core/ports/observer.ts'
import { notify } from '../core/user-code.ts'

/** Those who watch an engine. What one of them throws is logged, and changes nothing. */
export class Observers {
  readonly #observers = new Set<Observer>()

  get some(): boolean {
    return this.#observers.size > 0
  }

  /** @returns takes it out again */
  add(observer: Observer): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  tell(event: RunEvent, log: Logger): void {
    for (const observer of this.#observers)
      notify(
        () => observer(event),
        (error) => log.warn('An observer of the engine threw', { error }),
      )
  }
}
