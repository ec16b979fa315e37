import type { Codec } from '../core/codec/codec.ts'
import type { CancelledError } from '../core/errors.ts'
import { nameOf, stepNameOf } from '../core/key.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Completion, Encoded, Key, StepDone, StepFailed } from '../core/ports/effects.ts'
import type { Audience, GroupAudience, Progressing, RunEvent, RunEventKind } from '../core/ports/observer.ts'
import type { RunRecord } from '../core/ports/store.ts'
import type { Surrounding } from '../core/ports/surrounding.ts'

export interface AnnouncerOptions extends Audience {
  readonly record: RunRecord
  readonly codec: Codec
  readonly clock: Clock
  /** Listeners are called inside of this. Default: wherever the engine is just then, which may be in another run. */
  readonly trace?: Surrounding | undefined
}

/** An attempt at a step. */
interface Attempted {
  readonly key: Key
  readonly attempt: number
  readonly startedAt: number
}

/** How a run has ended. */
interface End {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'blocked'
  readonly error?: Encoded
}

/**
 * Tells those who listen what happens in one execution of one run. Invariants:
 * 1. What nobody listens to is not made: most runs have no listener.
 * 2. An outcome is told once it is recorded: what is told has happened, whatever comes after it.
 * 3. What a replay repeats is not told again.
 * 4. After the execution is over nothing is told: code that no cancellation reaches goes on, and nobody executes what it asks for.
 */
export class Announcer implements GroupAudience {
  readonly #options: AnnouncerOptions
  /** Groups that a replay has brought to where they are. */
  #replayed: Map<Key, Progressing> | undefined
  #over = false

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  runStarted(recordedSteps: number): void {
    if (!this.#wants('run.started')) return
    this.#tell({ kind: 'run.started', ...this.#run(), recordedSteps })
  }

  runWaits(wakeAt: number | undefined): void {
    if (!this.#wants('run.waiting')) return
    this.#tell({ kind: 'run.waiting', ...this.#run(), wakeAt })
  }

  /** @param at when, by the engine's clock */
  runEnded({ status, error }: End, at: number): void {
    if (!this.#wants(`run.${status}`)) return
    const { codec, record } = this.#options
    const end = { ...this.#run(at), duration: between(record.createdAt, at) }
    if (status === 'completed') this.#tell({ kind: 'run.completed', ...end })
    else
      this.#tell({
        kind: `run.${status}`,
        ...end,
        error: error === undefined ? undefined : codec.decodeError(error),
      })
  }

  stepStarted({ key, attempt, startedAt }: Attempted): void {
    if (!this.#wants('step.started')) return
    this.#tell({ kind: 'step.started', ...this.#run(startedAt), ...stepAt(key), attempt })
  }

  stepCancelled({ key, attempt, startedAt }: Attempted, reason: CancelledError): void {
    if (!this.#wants('step.cancelled')) return
    const at = this.#options.clock.now()
    const duration = between(startedAt, at)
    this.#tell({ kind: 'step.cancelled', ...this.#run(at), ...stepAt(key), attempt, duration, reason })
  }

  /** A completion was recorded. */
  recorded(completion: Completion): void {
    if (completion.kind === 'step-done') this.#stepCompleted(completion)
    else if (completion.kind === 'step-failed') this.#stepFailed(completion)
  }

  groupBegan(group: Progressing, before: number | undefined): void {
    group.startedAt = before ?? this.#options.clock.now()
    if (before !== undefined || !this.#wants('group.started')) return
    this.#tell({ kind: 'group.started', ...this.#run(group.startedAt), ...groupAt(group) })
  }

  groupChanged(group: Progressing, before: number | undefined): void {
    if (!this.#wants('group.progress')) return
    if (before !== undefined) {
      this.#replayed ??= new Map()
      this.#replayed.set(group.key, group)
      return
    }
    this.#replayed?.delete(group.key)
    this.#tell({ kind: 'group.progress', ...this.#run(), ...groupAt(group) })
  }

  /** Of one that never began, because it has no branches, nothing is told. */
  groupEnded(group: Progressing, before: number | undefined): void {
    this.#replayed?.delete(group.key)
    if (before !== undefined || group.startedAt === undefined || !this.#wants('group.ended')) return
    const at = this.#options.clock.now()
    const duration = between(group.startedAt, at)
    this.#tell({ kind: 'group.ended', ...this.#run(at), ...groupAt(group), duration })
  }

  caughtUp(): void {
    const replayed = this.#replayed
    this.#replayed = undefined
    for (const group of replayed?.values() ?? []) this.groupChanged(group, undefined)
  }

  #stepCompleted({ key, attempt, startedAt, at }: StepDone): void {
    if (!this.#wants('step.completed')) return
    const duration = between(startedAt, at)
    this.#tell({ kind: 'step.completed', ...this.#run(at), ...stepAt(key), attempt, duration })
  }

  #stepFailed({ key, attempt, startedAt, at, payload, retryAt }: StepFailed): void {
    if (!this.#wants(retryAt === undefined ? 'step.failed' : 'step.retrying')) return
    const error = this.#options.codec.decodeError(payload)
    const failed = {
      ...this.#run(at),
      ...stepAt(key),
      attempt,
      duration: between(startedAt, at),
      error,
    }
    if (retryAt === undefined) this.#tell({ kind: 'step.failed', ...failed })
    else this.#tell({ kind: 'step.retrying', ...failed, retryAt })
  }

  /** The execution is over, however it ended. */
  end(): void {
    this.#over = true
  }

  #wants(kind: RunEventKind): boolean {
    return !this.#over && this.#options.observed(kind)
  }

  #tell(event: RunEvent): void {
    const { trace, observe } = this.#options
    if (trace === undefined) observe(event)
    else trace.within(() => observe(event))
  }

  #run(at = this.#options.clock.now()): { run: string; workflow: string | undefined; at: number } {
    const { id, workflow } = this.#options.record
    return { run: id, workflow, at }
  }
}

function stepAt(key: Key): { key: Key; name: string } {
  return { key, name: stepNameOf(key) }
}

function groupAt({ key, counts }: Progressing): Pick<Progressing, 'key' | 'counts'> & { name: string } {
  return { key, name: nameOf(key), counts }
}

/** Clocks may be set back. */
function between(from: number, to: number): number {
  return Math.max(0, to - from)
}
