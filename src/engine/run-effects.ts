import type { Codec } from '../core/codec/codec.ts'
import { CancelledError, EngineStoppedError } from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import {
  CANCEL_KEY,
  type Completion,
  type DescribedGroup,
  type Effect,
  type Effects,
  type Happening,
  type Key,
  type StepEffect,
  type StopEffect,
  TRACE_KEY,
} from '../core/ports/effects.ts'
import type { Claim, InboxItem, Note, Park, RunRecord, Write } from '../core/ports/store.ts'
import type { RunTrace } from '../core/ports/telemetry.ts'
import { SmallMap } from '../core/small-collections.ts'
import { stepCompletion } from '../core/step-completion.ts'
import { AbortWatches } from './abort-watches.ts'
import type { Announcer } from './announcer.ts'
import { Answers } from './answers.ts'
import { Children, type StartChild } from './children.ts'
import { EventWaits } from './event-waits.ts'
import type { CommitSink, GroupCommit, NoteSource } from './group-commit.ts'
import { GroupNotes } from './group-notes.ts'
import type { History } from './history.ts'
import { interruptionBy } from './interruption.ts'
import { Mailbox } from './mailbox.ts'
import { type StepExecution, StepExecutions } from './step-executions.ts'
import { Timers } from './timers.ts'
import { tracedEnd } from './traced-end.ts'
import type { ZombieWatch } from './zombie-watch.ts'

export interface RunEffectsOptions {
  readonly record: Pick<RunRecord, 'id' | 'workflow'>
  readonly claim: Claim
  readonly history: History
  readonly codec: Codec
  readonly clock: Clock
  readonly commits: GroupCommit
  readonly startChild: StartChild
  readonly zombies: ZombieWatch
  readonly announcer: Announcer
  readonly trace: RunTrace | undefined
}

/**
 * The embedded engine's side of the `Effects` port, for one execution of one run. Invariants:
 * 1. Every completion gets its `seq` as it happens, and reaches the mailbox only once it is committed (D3).
 * 2. After `close` or `suspend` nothing starts.
 */
export class RunEffects implements Effects, CommitSink, NoteSource {
  readonly recorded: number
  readonly #options: RunEffectsOptions
  readonly #mailbox: Mailbox
  readonly #answers: Answers
  readonly #steps: StepExecutions
  readonly #timers: Timers
  readonly #events: EventWaits
  readonly #aborts: AbortWatches
  readonly #children: Children
  /** Made for the first. */
  #seenItems: Set<number> | undefined
  /** Stops that are waited for. */
  #stops: Set<Key> | undefined
  /** Of timers and children: written after a while, unless they have ended by then. Those of steps follow from what runs. */
  readonly #notes = new SmallMap<Key, Note>()
  /** Made for the first. */
  #groups: GroupNotes | undefined
  /** How the run is traced: to be noted, unless it ends soon. */
  #origin: Note | undefined
  #seq: number
  /** Completions on their way to the store. */
  #uncommitted = 0
  #over = false

  constructor(options: RunEffectsOptions) {
    const { clock, history, startChild, claim, record, announcer } = options
    this.#options = options
    this.recorded = history.recorded.length
    this.#seq = history.lastSeq
    this.#mailbox = new Mailbox(history.recorded)
    this.#answers = new Answers(history.reusable, {
      record: (completion) => this.#record(completion),
      execute: (effect) => this.#execute(effect),
    })
    this.#steps = new StepExecutions(clock, history.begun, (key) => history.reusable.timesUndone(key), {
      started: (execution, effect) => this.#stepStarted(execution, effect),
      completed: (execution, outcome) => {
        execution.trace?.ended(tracedEnd(outcome, options.codec))
        this.#record(stepCompletion(execution, outcome, clock.now()))
      },
      cancelled: (execution, reason) => {
        execution.trace?.ended({ status: 'cancelled', reason })
        announcer.stepCancelled(execution, reason)
      },
      givenUp: (key, attempt, reason) =>
        options.zombies.watch({
          run: claim.no,
          runId: record.id,
          workflow: record.workflow,
          key,
          attempt,
          reason,
        }),
    })
    this.#timers = new Timers(clock, history.due, {
      armed: (key, due) => this.#note(key, 'due', due),
      fired: (key) => this.#complete(key, { kind: 'timer-fired' }),
    })
    this.#events = new EventWaits({
      received: (key, item) =>
        this.#complete(key, { kind: 'event-received', name: item.name, payload: item.payload }, item.id),
      filterThrew: (key, error) =>
        this.#complete(key, { kind: 'event-failed', payload: options.codec.encodeError(error) }),
    })
    this.#aborts = new AbortWatches({
      aborted: (key, reason) =>
        this.#complete(key, { kind: 'aborted', payload: options.codec.encodeError(reason) }),
      absent: (key) => this.#complete(key, { kind: 'abort-absent' }),
    })
    this.#children = new Children(startChild, {
      ended: (key, { status, id, payload }) =>
        this.#complete(key, { kind: status === 'done' ? 'child-done' : 'child-failed', name: id, payload }),
      // When the engine stops, the parent's own steps have their time of grace; it is stopped after that by itself.
      failed: (error) => {
        if (!(error instanceof EngineStoppedError)) this.abandon(error)
      },
    })
    this.#noteOrigin()
  }

  /** Nothing of the run executes here: it has dealt with all that happened, and waits for time, events or children alone. */
  get atRest(): boolean {
    return (
      !this.#over &&
      this.#answers.quiet &&
      this.#uncommitted === 0 &&
      this.#mailbox.idle &&
      this.#steps.quiet &&
      this.#children.quiet &&
      this.#aborts.size === 0 &&
      this.#timers.size + this.#steps.backingOff + this.#events.size + this.#children.size > 0
    )
  }

  get seq(): number {
    return this.#seq
  }

  get stepsRun(): boolean {
    return !this.#over && !this.#steps.idling
  }

  /** Whether it could not go on now even if it wanted to: no function of its runs, and nothing is being recorded. */
  get idling(): boolean {
    const settled = this.#answers.quiet && this.#uncommitted === 0 && this.#mailbox.idle
    return this.#over || (settled && this.#steps.idling)
  }

  /** It has not yet dealt with all that has happened to it. */
  get dealing(): boolean {
    return !this.#mailbox.idle
  }

  /** What a run at rest waits for. */
  get rest(): Omit<Park, 'kind' | 'claim'> {
    const wakeAt = Math.min(this.#timers.next, this.#steps.nextRetry)
    return {
      seq: this.#seq,
      pending: this.#events.kept,
      children: this.#children.waitedFor,
      wakeAt: wakeAt === Number.POSITIVE_INFINITY ? undefined : wakeAt,
    }
  }

  /** The run goes on later, and not from here: everything is let go of, and the loop ends with `why`. */
  dismiss(why: unknown): void {
    this.#over = true
    this.#answers.close()
    this.#steps.stopWaiting()
    this.#children.leave()
    this.#stopListening()
    this.#mailbox.fail(why)
  }

  held(effect: Effect): void {
    if (effect.kind === 'step') this.#options.trace?.stepHeld(effect.key)
  }

  start(effect: Effect): void {
    if (!this.#over) this.#answers.start(effect)
  }

  #execute(effect: Effect): void {
    if (effect.kind === 'step') this.#steps.start(effect)
    else if (effect.kind === 'timer') this.#timers.start(effect)
    else if (effect.kind === 'event') this.#awaitEvent(effect)
    else if (effect.kind === 'child') this.#startChild(effect)
    else if (effect.kind === 'abort') this.#aborts.start(effect)
    else this.#awaitStop(effect)
  }

  cancel(key: Key, reason: CancelledError, heldByRun?: Effect): void {
    const held = heldByRun ?? this.#answers.cancel(key)
    if (held?.kind === 'child') this.#children.cancelEarlier(held, reason)
    this.#notes.delete(key)
    this.#stops?.delete(key)
    this.#cancelStep(key, reason)
    this.#timers.cancel(key)
    this.#events.cancel(key)
    this.#aborts.cancel(key)
    this.#children.cancel(key, reason)
  }

  groupBegan(group: DescribedGroup, at?: number): void {
    const { history, clock, commits } = this.#options
    this.#groups ??= new GroupNotes(history.groups)
    this.#groups.began(group, at ?? clock.now())
    commits.noteLater(this)
  }

  groupEnded(key: Key, at?: number): void {
    const { clock, commits } = this.#options
    if (this.#over || this.#groups === undefined) return
    this.#groups.ended(key, at ?? clock.now())
    commits.noteLater(this)
  }

  async next(): Promise<readonly Completion[]> {
    this.#answers.delivered()
    const completions = await this.#mailbox.take()
    this.#answers.delivering(completions)
    return completions
  }

  close(): void {
    this.#over = true
    this.#origin = undefined
    this.#answers.close()
    const reason = (): CancelledError => new CancelledError({ kind: 'run-ended' })
    this.#steps.cancelAll(reason, (key, made) => this.#cancelStep(key, made))
    if (this.#children.size > 0) this.#children.cancelAll(reason())
    this.#stopListening()
    this.#mailbox.close()
  }

  /** Resolves when the children that were cancelled know it, whatever happens to this process; undefined when there are none. */
  childrenTold(): Promise<unknown> | undefined {
    return this.#children.told()
  }

  /** Something was sent to the run. The same item may be announced twice. */
  arrived(item: InboxItem): void {
    this.#seenItems ??= new Set()
    if (this.#seenItems.has(item.id)) return
    this.#seenItems.add(item.id)
    if (item.kind === 'event') this.#events.arrived(item)
    else if (item.kind === 'cancel')
      this.#complete(CANCEL_KEY, { kind: 'cancel-requested', payload: item.payload }, item.id)
  }

  /** Starts nothing more, and resolves when the attempts that run have ended. */
  async suspend(): Promise<void> {
    this.#over = true
    this.#answers.close()
    this.#steps.stopWaiting()
    this.#stopListening()
    await this.#steps.idle()
  }

  /** The run cannot go on here: what runs is aborted, and the loop ends with `error`. The run stays resumable. */
  abandon(error: unknown): void {
    this.#over = true
    this.#origin = undefined
    this.#answers.close()
    this.#steps.cancelAll(() => interruptionBy(error))
    this.#stopListening()
    this.#mailbox.fail(error)
  }

  committed(write: Write): void {
    if (write.kind !== 'completion') return
    this.#uncommitted--
    this.#options.announcer.recorded(write.entry.completion)
    this.#mailbox.put(write.entry.completion)
  }

  refused(error: unknown): void {
    this.abandon(error)
  }

  #startChild(effect: Extract<Effect, { kind: 'child' }>): void {
    this.#note(effect.key, 'started', 0)
    this.#children.start(effect)
  }

  #awaitEvent(effect: Extract<Effect, { kind: 'event' }>): void {
    if (!this.#options.history.waiting.has(effect.key)) this.#note(effect.key, 'waiting', 0)
    this.#events.start(effect)
  }

  #awaitStop({ key, target }: StopEffect): void {
    const stops = (this.#stops ??= new Set())
    stops.add(key)
    const stopped = (): void => {
      if (stops.delete(key)) this.#complete(key, { kind: 'stopped' })
    }
    this.#steps.whenEnded(target, () => this.#children.whenEnded(target, stopped, () => stops.has(key)))
  }

  #stopListening(): void {
    this.#stops?.clear()
    this.#timers.cancelAll()
    this.#events.cancelAll()
    this.#aborts.cancelAll()
  }

  writeNotes(): void {
    for (const { key, attempt, startedAt } of this.#steps.grownUp())
      this.#writeNote({ key, at: startedAt, kind: 'started', attempt, due: 0 })
    for (const note of this.#notes.values()) this.#writeNote(note)
    this.#notes.clear()
    if (this.#origin !== undefined) this.#writeNote(this.#origin)
    this.#origin = undefined
    this.writeGroups()
  }

  /** What groups there were, before the run's end: nothing can be noted after it. */
  writeGroups(): void {
    for (const note of this.#groups?.take() ?? []) this.#writeNote(note)
  }

  /** One that lasted long enough to be noted as begun is noted as given up. */
  #cancelStep(key: Key, reason: CancelledError): void {
    const attempt = this.#steps.cancel(key, reason)
    this.#options.trace?.stepCancelled(key, reason)
    if (attempt === undefined) return
    this.#writeNote({ key, at: this.#options.clock.now(), kind: 'cancelled', attempt, due: 0 })
  }

  #writeNote(note: Note): void {
    const { commits, claim } = this.#options
    commits.push({ kind: 'note', claim, note }, this)
  }

  #noteOrigin(): void {
    const { trace, history, clock, commits } = this.#options
    if (trace?.origin === undefined || history.origin !== undefined) return
    this.#origin = {
      key: TRACE_KEY,
      at: clock.now(),
      kind: 'trace',
      attempt: 0,
      due: 0,
      detail: trace.origin,
    }
    commits.noteLater(this)
  }

  #note(key: Key, kind: 'started' | 'due' | 'waiting', due: number): void {
    const { commits, clock } = this.#options
    this.#notes.set(key, { key, at: clock.now(), kind, attempt: 0, due })
    commits.noteLater(this)
  }

  #stepStarted(execution: StepExecution, effect: StepEffect): void {
    const { commits, announcer, trace } = this.#options
    if (trace !== undefined) {
      const { key, name, retries = false } = effect // the name is made when it is asked for
      execution.trace = trace.attemptBegins({ key, name, attempt: execution.attempt, retries })
    }
    commits.noteLater(this)
    announcer.stepStarted(execution)
  }

  #complete(key: Key, happening: Happening, inboxId?: number): void {
    this.#notes.delete(key)
    this.#record({ ...happening, key, at: this.#options.clock.now() }, inboxId)
  }

  #record(completion: Completion, inboxId?: number): void {
    const { commits, claim } = this.#options
    const entry = { seq: ++this.#seq, completion }
    this.#uncommitted++
    commits.push(
      inboxId === undefined
        ? { kind: 'completion', claim, entry }
        : { kind: 'completion', claim, entry, inboxId },
      this,
    )
  }
}
