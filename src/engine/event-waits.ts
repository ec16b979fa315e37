import type { EventEffect, Key } from '../core/ports/effects.ts'
import type { InboxItem } from '../core/ports/store.ts'
import { SmallMap } from '../core/small-collections.ts'

export interface EventReports {
  received(key: Key, item: InboxItem): void
  filterThrew(key: Key, error: unknown): void
}

/**
 * Matches a run's events with its waits: the oldest event that the wait's filter agrees to, the oldest wait
 * first. Every wait looks at every event at most once.
 */
export class EventWaits {
  readonly #reports: EventReports
  readonly #waits = new SmallMap<Key, EventEffect>()
  #items: InboxItem[] = []

  constructor(reports: EventReports) {
    this.#reports = reports
  }

  get size(): number {
    return this.#waits.size
  }

  /** Events that were sent, and that no wait has received. */
  get kept(): number {
    return this.#items.length
  }

  start(effect: EventEffect): void {
    const taken = this.#items.find((item) => this.#matches(effect, item) !== 'no')
    if (taken === undefined) this.#waits.set(effect.key, effect)
  }

  cancel(key: Key): void {
    this.#waits.delete(key)
  }

  cancelAll(): void {
    this.#waits.clear()
  }

  arrived(item: InboxItem): void {
    this.#items.push(item)
    for (const effect of this.#waits.values()) {
      const match = this.#matches(effect, item)
      if (match !== 'no') this.#waits.delete(effect.key)
      if (match === 'taken') return
    }
  }

  #matches(effect: EventEffect, item: InboxItem): 'no' | 'taken' | 'threw' {
    if (!effect.names.includes(item.name)) return 'no'
    try {
      if (effect.accepts?.(item.name, item.payload) === false) return 'no'
    } catch (error) {
      this.#reports.filterThrew(effect.key, error)
      return 'threw'
    }
    this.#items = this.#items.filter((one) => one !== item)
    this.#reports.received(effect.key, item)
    return 'taken'
  }
}
