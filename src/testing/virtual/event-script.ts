import type { Encoded, EventEffect, Happening, Key } from '../../core/ports/effects.ts'

/** An event that somebody may send to the run, at a time that the director chooses. */
export interface ScriptedEvent {
  readonly name: string
  readonly payload: Encoded
}

export interface EventOffer {
  readonly event: number
  readonly key: Key
  readonly happening: Happening
}

/** Matches events with waits: each event once, the oldest wait first, each pair looked at once. */
export class EventScript {
  readonly #events: readonly ScriptedEvent[]
  readonly #received: Set<number>
  readonly #encodeError: (error: unknown) => Encoded
  readonly #waits = new Map<Key, EventEffect>()
  readonly #answers = new Map<Key, Map<number, Happening | undefined>>()

  constructor(
    events: readonly ScriptedEvent[],
    received: Iterable<number>,
    encodeError: (error: unknown) => Encoded,
  ) {
    this.#events = events
    this.#received = new Set(received)
    this.#encodeError = encodeError
  }

  wait(effect: EventEffect): void {
    this.#waits.set(effect.key, effect)
    this.#answers.set(effect.key, new Map())
  }

  end(key: Key): void {
    this.#waits.delete(key)
    this.#answers.delete(key)
  }

  received(event: number): void {
    this.#received.add(event)
  }

  offers(): EventOffer[] {
    const offers: EventOffer[] = []
    for (let event = 0; event < this.#events.length; event++) {
      const offer = this.#received.has(event) ? undefined : this.#match(event)
      if (offer !== undefined) offers.push(offer)
    }
    return offers
  }

  #match(event: number): EventOffer | undefined {
    for (const effect of this.#waits.values()) {
      const happening = this.#answer(effect, event)
      if (happening !== undefined) return { event, key: effect.key, happening }
    }
    return undefined
  }

  #answer(effect: EventEffect, event: number): Happening | undefined {
    const answers = this.#answers.get(effect.key)
    if (answers?.has(event)) return answers.get(event)
    const answer = this.#ask(effect, event)
    answers?.set(event, answer)
    return answer
  }

  #ask(effect: EventEffect, event: number): Happening | undefined {
    const scripted = this.#events[event]
    if (scripted === undefined || !effect.names.includes(scripted.name)) return undefined
    try {
      if (effect.accepts?.(scripted.name, scripted.payload) === false) return undefined
      return { kind: 'event-received', name: scripted.name, payload: scripted.payload }
    } catch (error) {
      return { kind: 'event-failed', payload: this.#encodeError(error) }
    }
  }
}
