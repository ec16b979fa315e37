import type { RestatePromise, WorkflowContext } from '@restatedev/restate-sdk'
import type { Encoded, EventEffect, EventFailed, EventReceived, Key } from '../core/ports/effects.ts'
import { derivedKey } from '../core/key.ts'
import { inboxPromise, type Sent } from './messages.ts'
import type { Turns, Verdict } from './turns.ts'

interface Item extends Sent {
  readonly place: number
}

export interface InboxReports {
  ended(completion: EventReceived | EventFailed): void
  encodeError(thrown: unknown): Encoded
}

/**
 * Matches a run's events with its waits: the oldest event that the wait's filter agrees to, the oldest wait first. Events
 * lie in numbered durable promises, so their order is recorded; they are read only while there is a wait. Invariants:
 * 1. What follows from recorded order alone (a wait without a filter) is done at once; what a filter says is recorded
 *    first, and asked one at a time.
 * 2. Every filter looks at every event at most once, live.
 */
export class Inbox {
  readonly #ctx: Pick<WorkflowContext, 'promise'>
  readonly #turns: Turns
  readonly #reports: InboxReports
  readonly #waits = new Map<Key, EventEffect>()
  /** Events that each wait's filter has declined. */
  readonly #declined = new Map<Key, Set<number>>()
  #items: Item[] = []
  #read = 0
  #next: RestatePromise<() => void> | undefined
  #asking: { readonly wait: EventEffect; readonly item: Item } | undefined

  constructor(ctx: Pick<WorkflowContext, 'promise'>, turns: Turns, reports: InboxReports) {
    this.#ctx = ctx
    this.#turns = turns
    this.#reports = reports
  }

  /** To be awaited with all else that the run waits for; what it gives is to be called. */
  get source(): RestatePromise<() => void> | undefined {
    if (this.#waits.size === 0) return undefined
    return (this.#next ??= this.#ctx
      .promise<Sent>(inboxPromise(this.#read))
      .get()
      .map((sent) => () => this.#arrived(sent)))
  }

  start(wait: EventEffect): void {
    this.#waits.set(wait.key, wait)
    this.#look()
  }

  cancel(key: Key): void {
    if (!this.#waits.delete(key)) return
    this.#declined.delete(key)
    if (this.#asking?.wait.key !== key) return
    this.#turns.forget(verdictKey(key))
    this.#asking = undefined
    this.#look()
  }

  cancelAll(): void {
    this.#waits.clear()
    this.#asking = undefined
  }

  /** What a filter said, now that it is recorded. */
  decided({ says, error = '' }: Verdict): void {
    const asked = this.#asking
    this.#asking = undefined
    if (asked === undefined) return
    const { wait, item } = asked
    const { key } = wait
    if (says === 'takes') this.#take(wait, item)
    else if (says === 'declines') this.#decline(key, item)
    else {
      this.#forget(key)
      this.#reports.ended({ kind: 'event-failed', key, at: item.at, payload: error })
    }
    this.#look()
  }

  #arrived(sent: Sent | undefined): void {
    this.#next = undefined
    if (sent !== undefined) this.#items.push({ ...sent, place: this.#read })
    this.#read++
    this.#look()
  }

  /** Hands out what can be, up to the first question to a filter. */
  #look(): void {
    if (this.#asking !== undefined) return
    for (const wait of this.#waits.values()) {
      const item = this.#items.find(
        ({ name, place }) => wait.names.includes(name) && !this.#declined.get(wait.key)?.has(place),
      )
      if (item === undefined) continue
      if (wait.accepts !== undefined) return this.#ask(wait, item)
      this.#take(wait, item)
    }
  }

  #ask(wait: EventEffect, item: Item): void {
    this.#asking = { wait, item }
    const key = verdictKey(wait.key)
    this.#turns.expect(key, () =>
      this.#turns.happened({ kind: 'verdict', key, ...this.#verdict(wait, item) }),
    )
  }

  #verdict(wait: EventEffect, { name, payload }: Item): Pick<Verdict, 'says' | 'error'> {
    try {
      return { says: wait.accepts?.(name, payload) === false ? 'declines' : 'takes' }
    } catch (error) {
      return { says: 'threw', error: this.#reports.encodeError(error) }
    }
  }

  #take({ key }: EventEffect, item: Item): void {
    this.#forget(key)
    this.#items = this.#items.filter((one) => one !== item)
    const { name, payload, at } = item
    this.#reports.ended({ kind: 'event-received', key, at, name, payload })
  }

  #decline(key: Key, { place }: Item): void {
    const declined = this.#declined.get(key) ?? new Set()
    this.#declined.set(key, declined.add(place))
  }

  #forget(key: Key): void {
    this.#waits.delete(key)
    this.#declined.delete(key)
  }
}

const verdictKey = (wait: Key): Key => derivedKey(wait, 'filter')
