import type { Context, RestatePromise } from '@restatedev/restate-sdk'
import type { Completion, Encoded, Key } from '../core/ports/effects.ts'
import { nextTurn } from '../core/turn.ts'

/** What a wait's filter said about an event. */
export interface Verdict {
  readonly kind: 'verdict'
  readonly key: Key
  readonly says: 'takes' | 'declines' | 'threw'
  /** What it threw. */
  readonly error?: Encoded
}

/** Something that happened in this process. */
export type Happened = Completion | Verdict | Told

/** What time it was: deadlines that follow from it are the same on a replay. */
export interface Told {
  readonly kind: 'time'
  readonly key: Key
  readonly at: number
}

/** Of one entry: more is recorded in the next. */
const MOST_AT_ONCE = 1000
const MOST_CHARACTERS = 1024 * 1024

/** Of an entry's name: it is for people, in Restate's UI. */
const LONGEST_NAME = 100

/**
 * What happens in this process (steps, abort signals, filters), and how it gets into Restate's journal: all that happened
 * since the last time is one entry. That costs a round trip for a turn instead of one for each step, and there is one order
 * of completions (D1) without racing all of them. Invariants:
 * 1. Nothing begins while the journal has a turn that was not delivered (D4): a turn's closure is called only when there
 *    is none, and from then on there is none.
 * 2. What was forgotten before it was taken into a turn is not recorded (R3).
 * 3. A turn is awaited only while something may happen here, so a run that waits for the rest alone can be suspended.
 */
export class Turns {
  readonly #ctx: Pick<Context, 'run'>
  readonly #deal: (happened: readonly Happened[]) => void
  /** What may happen, and how it begins, until it has begun. */
  readonly #expected = new Map<Key, (() => void) | undefined>()
  readonly #forgotten = new Set<Key>()
  #happened: Happened[] = []
  #live = false
  #held = false
  /** What was taken is on its way to the journal. */
  #recording = false
  #onDelivered: (() => void) | undefined
  #turn: RestatePromise<() => void> | undefined
  #wake: (() => void) | undefined

  /** @param deal given what a turn recorded, in its order */
  constructor(ctx: Pick<Context, 'run'>, deal: (happened: readonly Happened[]) => void) {
    this.#ctx = ctx
    this.#deal = deal
  }

  /** The journal is behind us: what is expected begins at once. */
  get live(): boolean {
    return this.#live
  }

  /** Whether a turn would be awaited now. */
  get wanted(): boolean {
    return this.#expected.size > 0
  }

  /** To be awaited with all else that the run waits for; what it gives is to be called. */
  get source(): RestatePromise<() => void> | undefined {
    if (!this.wanted) return undefined
    return (this.#turn ??= this.#ctx
      .run(this.#name(), () => this.#gather())
      .map((happened) => () => this.#recorded(happened ?? [])))
  }

  /** What may happen here. */
  get keys(): readonly Key[] {
    return [...this.#expected.keys()]
  }

  expects(key: Key): boolean {
    return this.#expected.has(key)
  }

  /** @param begin called at once, or when the replay has caught up, unless it is forgotten before */
  expect(key: Key, begin: () => void): void {
    this.#expected.set(key, this.#live ? undefined : begin)
    if (this.#live && !this.#held) begin()
  }

  /** Begins nothing more. */
  hold(): void {
    this.#held = true
  }

  /** Resolves when all that happened is recorded. */
  async flushed(): Promise<void> {
    while (this.#happened.length > 0 || this.#recording)
      await new Promise<void>((resolve) => {
        this.#onDelivered = resolve
      })
  }

  /** Nobody wants to know any more. A turn that is on its way to the journal may still tell of it: that is ignored (D4). */
  forget(key: Key): void {
    if (!this.#expected.delete(key)) return
    this.#forgotten.add(key)
    if (!this.wanted) this.#wake?.()
  }

  /** It is known now. */
  delivered(key: Key): void {
    this.#expected.delete(key)
  }

  forgetAll(): void {
    this.#expected.clear()
    this.#wake?.()
  }

  happened(what: Happened): void {
    if (!this.#expected.has(what.key)) return
    this.#happened.push(what)
    this.#wake?.()
  }

  /** The closure of an entry: called only where the journal has no more of them. */
  async #gather(): Promise<Happened[]> {
    if (!this.#live) {
      this.#live = true
      for (const [key, begin] of this.#expected) {
        if (begin === undefined || this.#held || !this.#expected.has(key)) continue
        this.#expected.set(key, undefined)
        begin()
      }
    }
    while (this.#happened.length === 0 && this.wanted)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    this.#wake = undefined
    // Those that end together are recorded together.
    if (this.#expected.size > this.#happened.length) await nextTurn()
    this.#recording = true
    return this.#take()
  }

  #take(): Happened[] {
    const wanted = this.#happened.filter(({ key }) => this.#expected.has(key))
    let characters = 0
    let count = 0
    for (const one of wanted) {
      characters += 'payload' in one ? one.payload.length : 0
      if (count > 0 && (count >= MOST_AT_ONCE || characters > MOST_CHARACTERS)) break
      count++
    }
    this.#happened = wanted.slice(count)
    return wanted.slice(0, count)
  }

  #recorded(happened: readonly Happened[]): void {
    this.#turn = undefined
    this.#recording = false
    this.#onDelivered?.()
    this.#deal(happened.filter(({ key }) => this.#expected.has(key) || !this.#forgotten.has(key)))
  }

  /** The same whenever the code is: Restate compares it on a replay. */
  #name(): string {
    const [first = ''] = this.#expected.keys()
    const name = first.length > LONGEST_NAME ? `${first.slice(0, LONGEST_NAME)}…` : first
    return this.#expected.size === 1 ? name : `${name} and ${this.#expected.size - 1} more`
  }
}
