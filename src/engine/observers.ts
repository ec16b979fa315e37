import type { Logger } from '../core/ports/logger.ts'
import type { Observer, RunEvent } from '../core/ports/observer.ts'

/** Those who watch an engine. What one of them throws is logged, and changes nothing. */
export class Observers {
  readonly #observers = new Set<Observer>()

  /** @returns takes it out again */
  add(observer: Observer): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  tell(event: RunEvent, log: Logger): void {
    for (const observer of this.#observers) this.#tell(observer, event, log)
  }

  #tell(observer: Observer, event: RunEvent, log: Logger): void {
    const warn = (error: unknown): void => log.warn('An observer of the engine threw', { error })
    try {
      const returned: unknown = observer(event)
      if (returned instanceof Promise) returned.catch(warn)
    } catch (error) {
      warn(error)
    }
  }
}
