import type { Completion, Happening, Key } from '../../core/ports/effects.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/** Something that may happen next. */
export interface Offer {
  /** What it is: an effect's outcome, an event for an effect, or that time passes. */
  readonly kind: 'commit' | 'event' | 'clock'
  /** The effect's; empty for `clock`. */
  readonly key: Key
  /** For people: `commit step-done charge`, `clock +50`. */
  readonly label: string
  /** Lets it happen. What it commits, if anything, is in the journal then. */
  take(): void
}

/** A virtual world as its director sees it. */
export interface Stage {
  readonly clock: VirtualClock
  readonly journal: readonly Completion[]
  /** Effects that run: started, neither cancelled nor committed. */
  readonly activeKeys: readonly Key[]
  /** Lets the functions of steps go on until each has ended or waits for something. */
  settle(): Promise<void>
  /** What may happen next, in an order that depends on the past alone. */
  offers(): Offer[]
  /** What a running effect has come to; undefined while it has come to nothing. */
  happeningOf(key: Key): Happening | undefined
  /** Commits a completion of a running effect, or a cancel request. */
  commit(completion: Completion): void
}

/** Decides what happens in a virtual world, and when. */
export interface Director {
  /**
   * Commits one or more completions. Called when the run has taken all there were, and waits.
   * @throws {StuckError} nothing can happen any more
   */
  direct(stage: Stage): Promise<void>
  /** How many of the next `available` recorded completions to hand over at once: from 1. */
  handOver(available: number): number
}

/** The run waits for something that will never happen. */
export class StuckError extends Error {
  override readonly name: string = 'StuckError'
}
