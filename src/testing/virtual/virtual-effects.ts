import type { Codec } from '../../core/codec/codec.ts'
import { CancelledError } from '../../core/errors.ts'
import {
  CANCEL_KEY,
  type ChildEffect,
  type Completion,
  type Effect,
  type Effects,
  type Happening,
  type Key,
  type StepEffect,
} from '../../core/ports/effects.ts'
import { drained } from '../../core/turn.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import {
  AbortActivity,
  type Activity,
  ChildActivity,
  type Due,
  EventActivity,
  RunningFunctions,
  StepActivity,
  StopActivity,
  TimerActivity,
  type VirtualChild,
} from './activity.ts'
import type { Director, Offer, Stage } from './director.ts'
import { EventScript, type ScriptedEvent } from './event-script.ts'
import { newRecord, type VirtualRecord } from './record.ts'

export interface VirtualWorldOptions {
  readonly clock: VirtualClock
  readonly codec: Codec
  readonly director: Director
  /** What an earlier world left behind: its completions are replayed first. */
  readonly record?: VirtualRecord
  /** Whether attempts that began before a crash count (R1). Default `true`. */
  readonly countLostAttempts?: boolean
  /** Whether an attempt that is made again after a crash has the rest of its `timeout` only. Default `false`. */
  readonly keepDeadlines?: boolean
  readonly events?: readonly ScriptedEvent[]
  /**
   * Starts a child run, or finds the one that an earlier world started. Without it every child runs for ever.
   * @param existing start none
   */
  readonly child?: (effect: ChildEffect, existing?: 'existing') => VirtualChild | undefined
  /** Told each time that the run has dealt with `delivered` completions, and asks for more. */
  readonly onDelivered?: (delivered: number) => void
}

/**
 * The `Effects` port over a world that a director rules: it decides which effect ends next, when time passes, which
 * events come and when. Invariants:
 * 1. The journal is one list; what a run is given is a part of it, in order, recorded completions first (D1).
 * 2. Nothing is committed for an effect that was cancelled (R3).
 * 3. Nothing happens by itself: without the director the world stands still.
 * 4. What the port forbids the runtime is noticed and kept in `violations`.
 */
export class VirtualEffects implements Effects, Stage {
  readonly recorded: number
  readonly clock: VirtualClock
  readonly record: VirtualRecord
  /** What the runtime did that no runtime may do. */
  readonly violations: string[] = []
  readonly #options: VirtualWorldOptions
  readonly #active = new Map<Key, Activity>()
  readonly #functions = new RunningFunctions()
  readonly #events: EventScript
  readonly #due: ReadonlyMap<Key, number>
  readonly #begun: ReadonlyMap<Key, number>
  readonly #settledAttempts: ReadonlySet<string>
  #taken = 0
  #closed = false

  constructor(options: VirtualWorldOptions) {
    const { clock, codec, events = [], record = newRecord(), countLostAttempts = true } = options
    this.#options = options
    this.clock = clock
    this.record = record
    this.recorded = record.completions.length
    const received = record.received.map(({ event }) => event)
    this.#events = new EventScript(events, received, (error) => codec.encodeError(error))
    this.#due = new Map(record.due.map(({ key, at }) => [key, at]))
    this.#begun = new Map(countLostAttempts ? record.begun.map(({ key, attempt }) => [key, attempt]) : [])
    this.#settledAttempts = new Set(record.completions.filter(isStep).map(attemptId))
  }

  get journal(): readonly Completion[] {
    return this.record.completions
  }

  get activeKeys(): readonly Key[] {
    return [...this.#active.keys()]
  }

  start(effect: Effect): void {
    const { key } = effect
    if (this.#closed) return
    if (this.#active.has(key)) this.#violated(`${key} was started twice`)
    if (this.#taken < this.recorded) this.#violated(`${key} was started during the replay (D4)`)
    this.#active.set(key, this.#begin(effect))
  }

  cancel(key: Key, reason: CancelledError, held?: Effect): void {
    if (held?.kind === 'child') this.#options.child?.(held, 'existing')?.cancel(reason)
    const activity = this.#active.get(key)
    this.#active.delete(key)
    this.#events.end(key)
    activity?.cancel(reason)
  }

  async next(): Promise<readonly Completion[]> {
    const { director } = this.#options
    this.#options.onDelivered?.(this.#taken)
    const recorded = this.journal.length - this.#taken
    if (recorded > 0) return this.#take(director.handOver(recorded))
    await director.direct(this)
    this.record.batchEnds.push(this.journal.length)
    return this.#take(this.journal.length - this.#taken)
  }

  groupBegan(): void {}

  groupEnded(): void {}

  close(): void {
    this.#closed = true
    const reason = new CancelledError({ kind: 'run-ended' })
    for (const key of this.activeKeys) this.cancel(key, reason)
  }

  async settle(): Promise<void> {
    await drained()
  }

  offers(): Offer[] {
    const offers: Offer[] = []
    for (const [key, { happening }] of this.#active)
      if (happening !== undefined)
        offers.push({
          kind: 'commit',
          key,
          label: `commit ${happening.kind} ${key}`,
          take: () => this.#happen(key, happening),
        })
    for (const { event, key, happening } of this.#events.offers())
      offers.push({
        kind: 'event',
        key,
        label: `event ${event} for ${key}`,
        take: () => this.#receive(event, key, happening),
      })
    const due = this.clock.next()
    if (due !== undefined)
      offers.push({
        kind: 'clock',
        key: '',
        label: `clock to ${due}`,
        take: () => this.clock.advance(due - this.clock.now()),
      })
    return offers
  }

  /** What waits for the clock, oldest first. */
  dues(): (Due & { readonly key: Key })[] {
    return [...this.#active].flatMap(([key, { due }]) => (due === undefined ? [] : [{ ...due, key }]))
  }

  /** Child runs that have ended, and whose end is not committed. */
  get endedChildren(): readonly Key[] {
    return [...this.#active]
      .filter(([, { happening }]) => happening?.kind.startsWith('child-'))
      .map(([key]) => key)
  }

  /** Effects that may come to something without the clock and without the director. */
  get busyKeys(): readonly Key[] {
    return [...this.#active].filter(([, { busy }]) => busy).map(([key]) => key)
  }

  happeningOf(key: Key): Happening | undefined {
    return this.#active.get(key)?.happening
  }

  commit(completion: Completion): void {
    const { key } = completion
    const activity = this.#active.get(key)
    if (activity === undefined && key !== CANCEL_KEY)
      throw new Error(`Nothing is running under ${JSON.stringify(key)}, so nothing can be committed for it`)
    // A director may let a timer fire before its time; then nothing waits for that any more.
    if (activity?.happening === undefined) activity?.cancel(new CancelledError({ kind: 'run-ended' }))
    this.#active.delete(key)
    this.#events.end(key)
    this.record.completions.push(completion)
  }

  #begin(effect: Effect): Activity {
    const { codec, child } = this.#options
    switch (effect.kind) {
      case 'step':
        return this.#step(effect)
      case 'timer':
        return new TimerActivity(this.clock, {
          key: effect.key,
          at: this.#noted(effect.key, this.clock.now() + effect.duration),
        })
      case 'child':
        return new ChildActivity(child?.(effect) ?? endless(effect))
      case 'abort':
        return new AbortActivity(effect, (reason) => codec.encodeError(reason))
      case 'stop':
        return new StopActivity(() => this.#functions.isRunning(effect.target))
      case 'event':
        this.#events.wait(effect)
        return new EventActivity()
    }
  }

  #step(effect: StepEffect): Activity {
    const { key } = effect
    return new StepActivity(effect, this.clock, this.#begun.get(key) ?? 0, {
      began: (attempt) => {
        if (this.#settledAttempts.has(attemptId({ key, attempt })))
          this.#violated(`${key} was called again for attempt ${attempt}, which is recorded (R1)`)
        this.record.begun.push({ position: this.journal.length, key, attempt })
        this.#functions.began(key)
      },
      ended: () => this.#functions.ended(key),
      ...(this.#options.keepDeadlines === true && {
        deadline: (attempt: number, at: number) => this.#noted(`${key}!attempt/${attempt}`, at),
      }),
      violated: (what) => this.#violated(what),
    })
  }

  /** The deadline that was written down before a crash; otherwise this one is, now. */
  #noted(key: Key, at: number): number {
    const noted = this.#due.get(key)
    if (noted === undefined) this.record.due.push({ position: this.journal.length, key, at })
    return noted ?? at
  }

  #receive(event: number, key: Key, happening: Happening): void {
    if (happening.kind === 'event-received') {
      this.#events.received(event)
      this.record.received.push({ position: this.journal.length + 1, event })
    }
    this.#happen(key, happening)
  }

  #happen(key: Key, happening: Happening): void {
    this.commit({ ...happening, key, at: this.clock.now() })
  }

  /** An array that tells when the run comes back for its next item: the one before is dealt with then. */
  #take(count: number): readonly Completion[] {
    const from = this.#taken
    const batch = this.journal.slice(from, from + count)
    this.#taken = from + batch.length
    const { onDelivered } = this.#options
    if (onDelivered === undefined) return batch
    const iterate = function* (): Generator<Completion> {
      for (const [index, completion] of batch.entries()) {
        if (index > 0) onDelivered(from + index)
        yield completion
      }
    }
    return Object.assign([...batch], { [Symbol.iterator]: iterate })
  }

  #violated(what: string): void {
    this.violations.push(what)
  }
}

function endless({ key }: ChildEffect): VirtualChild {
  return { id: `child:${key}`, end: undefined, cancel: () => undefined }
}

function isStep(completion: Completion): completion is Extract<Completion, { attempt: number }> {
  return completion.kind === 'step-done' || completion.kind === 'step-failed'
}

function attemptId({ key, attempt }: { readonly key: Key; readonly attempt: number }): string {
  return `${attempt} ${key}`
}
