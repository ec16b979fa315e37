import type { Codec } from './codec/codec.ts'
import type { CancelledError } from './errors.ts'
import type { Completion, Effect, Encoded, GroupShape, Key } from './ports/effects.ts'
import type { Progressing } from './ports/observer.ts'
import type { Logger } from './ports/logger.ts'

/** Something that waits for a completion: a step, a sleep, a group's timeout … */
export interface Leaf {
  readonly key: Key
  /** Said by steps. */
  readonly kind?: 'step'
  /** The host's: what it cancels. */
  handle?: Cancellable | undefined
  deliver(completion: Completion): void
}

export function deliverTo(target: Pick<Leaf, 'deliver'>, completion: Completion): void {
  target.deliver(completion)
}

/** What a host has begun for a leaf. */
export interface Cancellable {
  cancel(reason: CancelledError): void
}

/** What a host keeps of an operation that nobody has started. */
export interface Tracked {
  readonly key: Key
  readonly title: string
  readonly place: { readonly stack?: string } | undefined
  /** Its neighbours in the host's list of such operations. */
  older: Tracked | undefined
  newer: Tracked | undefined
}

/** A step that can be undone. */
export interface Compensable {
  readonly key: Key
  readonly name: string
  /** @param payload its recorded result @param error what the run failed with */
  undo(payload: Encoded, error: unknown): PromiseLike<unknown>
}

export const RAN_AWAY =
  'Code that was cancelled catches that and awaits operations again and again: it gets no more answers. Let a loop end when it catches a CancelledError'

/** A group, as those who look at it later see it. */
export interface Grouped extends Progressing {
  readonly shape: GroupShape
}

/** What operations see of where they run: inside a run, or outside of any (M7). */
export interface Host {
  /** Id of the run; undefined outside. */
  readonly runId: string | undefined
  readonly codec: Codec
  readonly log: Logger
  /** Whether the place where an operation is created is worth what it costs to know. To be asked once for each. */
  wantsPlace(): boolean
  /** Code of the run goes on in a microtask: it was called, or a promise that it may await was settled. */
  stir(): void
  /** An operation exists from now on, not started. */
  created(operation: Tracked): void
  /** It is somebody's concern from now on: started, or a branch of a group. */
  adopted(operation: Tracked): void
  /** The step is to be undone if it is done and the run fails. */
  compensable(step: Compensable): void
  start(leaf: Leaf, effect: Effect): void
  cancel(leaf: Leaf, reason: CancelledError): void
  /** Delivers to `leaf` when the cancelled `target` has really ended: its function, or its child run. */
  whenStopped(target: Leaf, leaf: Leaf): void
  /** For those who watch: nothing depends on it. */
  groupBegan(group: Grouped): void
  groupChanged(group: Progressing): void
  groupEnded(group: Progressing): void
  /** The code of a cancelled scope does not stop asking for operations, and gets no answer from now on. */
  ranAway(scope: string): void
  /** A number in [0, 1) that is the same whenever it is asked for this key and attempt. */
  chance(key: Key, attempt: number): number
}
