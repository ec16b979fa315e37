import type { Codec } from './codec/codec.ts'
import { BARRIER, Compensations } from './compensation.ts'
import { type Context, createContext, type RunView } from './context.ts'
import { Ending, type Failed, type RunOutcome } from './ending.ts'
import { CancelledError, CompensationError } from './errors.ts'
import { type Compensable, type Leaf, RAN_AWAY, type Tracked } from './host.ts'
import { CANCEL_KEY, type Completion, type Effect, type Effects, type Key } from './ports/effects.ts'
import { mutedWhile, withFields } from './log-wrappers.ts'
import type { Logger } from './ports/logger.ts'
import type { GroupAudience, Grouped, Progressing } from './ports/observer.ts'
import { Replay } from './replay.ts'
import { callInScope, runInScope, Scope } from './scope.ts'
import { chanceOf, SeededRandom } from './seeded-random.ts'
import { SmallMap } from './small-collections.ts'
import { StepTable, type StepView } from './step-table.ts'
import { Places } from './places.ts'
import { Untouched } from './untouched.ts'

/** What a run is before it executes: the same at every replay. */
export interface RunIdentity {
  readonly id: string
  /** The workflow's name. */
  readonly name: string | undefined
  readonly seed: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Of its workflow's code. Default: those of all operations are noted. */
  readonly places?: Places
}

/** An operation that nobody ever awaited (M5). */
export interface NeverAwaited {
  readonly title: string
  readonly key: Key
  /** Where it was created: a file and a position. */
  readonly place: string
}

/**
 * One execution of one run: who waits for which completion. Invariants:
 * 1. A completion goes to the leaf that waits for its key; one that nobody waits for any more is ignored (D4).
 * 2. While recorded completions remain, effects are held, and start in the order they were asked for when none
 *    remain and somebody still wants them (D4).
 * 3. Nothing here looks at a clock, a disk or a process.
 */
export class Run implements RunView {
  readonly runId: string
  readonly name: string | undefined
  readonly codec: Codec
  readonly random: SeededRandom
  readonly #logger: Logger
  #log: Logger | undefined
  readonly #seed: string
  readonly #effects: Effects
  readonly #audience: GroupAudience | undefined
  readonly #root: Scope
  readonly #leaves = new SmallMap<Key, Leaf>()
  readonly #held = new SmallMap<Key, Effect>()
  /** Undefined of a run that is new. */
  readonly #replay: Replay | undefined
  readonly #neverAwaited = new Untouched()
  readonly #places: Places
  readonly #steps = new StepTable(this.#leaves)
  readonly #ending: Ending
  /** Made for the first step that has one. */
  #compensations: Compensations | undefined
  #started = 0
  #stirred = false
  #codeEnded: Promise<void> = Promise.resolve()
  #now: number
  #outcome: RunOutcome | undefined

  constructor(
    identity: RunIdentity,
    effects: Effects,
    codec: Codec,
    logger: Logger,
    audience?: GroupAudience,
  ) {
    this.#audience = audience
    this.runId = identity.id
    this.name = identity.name
    this.codec = codec
    this.#logger = logger
    this.random = new SeededRandom(identity.seed)
    this.#seed = identity.seed
    this.#places = identity.places ?? new Places(Number.POSITIVE_INFINITY)
    this.#effects = effects
    this.#replay = effects.recorded > 0 ? new Replay(effects.recorded) : undefined
    this.#now = identity.createdAt
    this.#root = new Scope(this, '')
    this.#ending = new Ending({
      canCompensate: () => this.#compensations !== undefined,
      leave: () => this.#root.cancel(new CancelledError({ kind: 'run-ended' })),
      undoNext: (failed) => this.#undoNext(failed),
      settled: () => void this.catchUp(),
      over: (outcome) => this.#over(outcome),
    })
  }

  /** Made when first used: most runs say nothing. */
  get log(): Logger {
    const { runId: run, name: workflow } = this
    const fields = workflow === undefined ? { run } : { run, workflow }
    return (this.#log ??= mutedWhile(withFields(this.#logger, fields), () => this.replaying))
  }

  get now(): number {
    return this.#now
  }

  get steps(): StepView {
    return this.#steps.view
  }

  get replaying(): boolean {
    return this.#replay?.goesOn === true
  }

  /** Set once the run is over: `execute` has ended, and what must be done after it. */
  get outcome(): RunOutcome | undefined {
    return this.#outcome
  }

  /** Keys of what the run waits for now, for messages. */
  get waitingKeys(): readonly Key[] {
    return [...this.#leaves.keys()]
  }

  /**
   * Of a run that is cancelled, goes on, and waits for no operation: how many it has started so far. Undefined of every
   * other run.
   */
  get startedBeforeItStuck(): number | undefined {
    const stuck = this.#root.cancelled !== undefined && this.#leaves.size === 0 && !this.#ending.waits
    return stuck && this.#outcome === undefined && !this.replaying ? this.#started : undefined
  }

  /** Resolves when `execute` has really ended: later than the run, if that ended without its code. */
  get codeEnded(): Promise<void> {
    return this.#codeEnded
  }

  /** Calls `execute`. Its end shows as `outcome`. */
  begin(execute: (ctx: Context, input: unknown) => unknown, input: unknown): void {
    const context = createContext(this, this.#root, input)
    this.#codeEnded = callInScope(this.#root, (ctx) => execute(ctx, input), context).then(
      (value) => this.#ending.returned({ status: 'completed', value }),
      (error: unknown) =>
        this.#ending.returned({ status: this.#cancelledBy(error) ? 'cancelled' : 'failed', error }),
    )
  }

  hold(): () => void {
    this.#compensations?.doubt()
    return this.#ending.hold()
  }

  compensable(step: Compensable): void {
    this.#compensations ??= new Compensations()
    this.#compensations.add(step)
  }

  wantsPlace(): boolean {
    return this.#places.take(this.#neverAwaited.size)
  }

  stir(): void {
    this.#stirred = true
  }

  /**
   * To be called after each delivery: what can be done without draining microtasks is done.
   * @returns whether they have to be drained before anything else (D2)
   */
  hasMoreToDo(): boolean {
    const stirred = this.#stirred
    this.#stirred = false
    return stirred || this.catchUp()
  }

  created(operation: Tracked): void {
    this.#neverAwaited.add(operation)
    this.#replay?.learn(operation.key, false)
  }

  adopted(operation: Tracked): void {
    this.#neverAwaited.delete(operation)
  }

  start(leaf: Leaf, effect: Effect): void {
    const { key } = leaf
    this.#started++
    this.#replay?.learn(key, true)
    this.#leaves.set(key, leaf)
    const early = this.#replay?.take(key)
    if (early !== undefined) this.#handSoon(early)
    else if (this.replaying || this.#ending.undecided) this.#hold(effect)
    else this.#effects.start(effect)
  }

  cancel(leaf: Leaf, reason: CancelledError): void {
    if (!this.#leaves.delete(leaf.key)) return
    this.#steps.cancelled(leaf)
    const held = this.#held.get(leaf.key)
    this.#held.delete(leaf.key)
    if (held === undefined) this.#effects.cancel(leaf.key, reason)
    else if (held.kind === 'child') this.#effects.cancel(leaf.key, reason, held)
  }

  whenStopped(target: Leaf, leaf: Leaf): void {
    this.start(leaf, { kind: 'stop', key: leaf.key, target: target.key })
  }

  groupBegan(group: Grouped): void {
    this.#effects.groupBegan(group, this.#before)
    this.#audience?.groupBegan(group, this.#before)
  }

  groupChanged(group: Progressing): void {
    this.#audience?.groupChanged(group, this.#before)
  }

  groupEnded(group: Progressing): void {
    this.#effects.groupEnded(group.key, this.#before)
    this.#audience?.groupEnded(group, this.#before)
  }

  /** What happens in a replay happened when the last completion was recorded. */
  get #before(): number | undefined {
    return this.replaying ? this.#now : undefined
  }

  chance(key: Key, attempt: number): number {
    return chanceOf(`${this.#seed} ${key} ${attempt}`)
  }

  ranAway(scope: string): void {
    this.log.error(RAN_AWAY, { scope })
    this.endWithoutItsCode()
  }

  /** With its own code out of reach, a cancelled run ends as cancelled. */
  endWithoutItsCode(): void {
    const error = this.#root.cancelled
    if (error !== undefined) this.#ending.returned({ status: 'cancelled', error })
  }

  /** The journal has the end of a cancelled run that ended without its code, which is out of reach again. */
  endedWithoutItsCode(recorded: Completion): boolean {
    if (recorded.key !== BARRIER || this.#root.cancelled === undefined) return false
    this.endWithoutItsCode()
    return true
  }

  /** Whether some operation has this key, started or not, wanted or not. Always true of a completion that is not recorded. */
  knows(key: Key): boolean {
    return this.#replay === undefined || key === CANCEL_KEY || this.#replay.knows(key)
  }

  /** Calls back, at most once, when an operation with the key comes to be. @returns stops waiting */
  whenKnown(key: Key, callback: () => void): () => void {
    return this.#replay?.whenKnown(key, callback) ?? nothing
  }

  /** The kind of the effect that a recorded completion would be given to, if it is no answer to that. */
  otherKind({ kind, key }: Completion): Effect['kind'] | undefined {
    const effect = this.#held.get(key)
    // Completions are called after what they answer: `step-done`, `timer-fired`, `stopped`.
    return effect === undefined || kind.startsWith(effect.kind) ? undefined : effect.kind
  }

  /** Gives one completion to whoever waits for it. Microtasks must be drained before the next (D2). */
  deliver(completion: Completion): void {
    this.#replay?.count()
    this.#now = Math.max(this.#now, completion.at)
    this.#held.delete(completion.key)
    // Of all that is delivered only the result of a step can be nothing but a place for the next branch.
    if (completion.kind !== 'step-done' || this.#compensations !== undefined) this.stir()
    this.#compensations?.delivered(completion)
    if (completion.kind === 'cancel-requested') this.#cancelAll(completion.payload)
    else if (this.#leaves.has(completion.key)) this.#hand(completion)
    else this.#replay?.keep(completion)
  }

  /**
   * Microtasks are drained: ends what can end and, when the replay has caught up, starts what was held and is still
   * wanted (D4): nothing, once the run is over.
   * @returns whether they have to be drained again, and this called again, before anything else
   */
  catchUp(): boolean {
    if (this.#ending.conclude()) return true
    if (this.replaying) return false
    if (this.#replay?.end() === true) this.#audience?.caughtUp()
    if (this.#held.size === 0) return false
    if (this.#outcome === undefined) for (const effect of this.#held.values()) this.#effects.start(effect)
    this.#held.clear()
    return false
  }

  /** Recorded completions that `execute` ended without: the operations exist, their results were not needed. */
  skip(): void {
    this.#replay?.count()
  }

  neverAwaited(): NeverAwaited[] {
    const forgotten = [...this.#neverAwaited]
    const unknown = forgotten.some(({ place }) => place === undefined) ? this.#places.missed() : ''
    return forgotten.map(({ title, key, place }) => ({
      title,
      key,
      place: place?.stack?.split('\n').at(-1)?.trim() ?? unknown,
    }))
  }

  #hold(effect: Effect): void {
    this.#held.set(effect.key, effect)
    this.#effects.held?.(effect)
  }

  #hand(completion: Completion): void {
    const { key } = completion
    const leaf = this.#leaves.get(key)
    if (leaf === undefined) return
    this.#leaves.delete(key)
    this.#replay?.forget(key)
    this.#steps.completed(completion)
    leaf.deliver(completion)
  }

  #handSoon(completion: Completion): void {
    this.stir()
    queueMicrotask(() => this.#hand(completion))
  }

  #cancelAll(payload: string): void {
    const cause = this.codec.decodeError(payload)
    this.#root.cancel(
      new CancelledError({ kind: 'run-cancelled', ...(cause === undefined ? {} : { cause }) }),
    )
  }

  /** A cancellation that `execute` let through, perhaps wrapped. */
  #cancelledBy(error: unknown): boolean {
    const cancelled = this.#root.cancelled
    if (cancelled === undefined) return false
    try {
      for (let at: unknown = error, depth = 0; at instanceof Error && depth < 20; at = at.cause, depth++)
        if (at === cancelled || (at instanceof CancelledError && at.kind === 'run-cancelled')) return true
    } catch {
      // A proxy, or a getter, that throws: an error like any other.
    }
    return false
  }

  #undoNext({ error }: Failed): Promise<void> | undefined {
    return runInScope(new Scope(this, ''), () => this.#compensations?.undoNext(this, error))
  }

  #over(outcome: RunOutcome): void {
    const failures = this.#compensations?.failures ?? []
    this.#outcome =
      outcome.status === 'completed' || failures.length === 0
        ? outcome
        : { status: 'failed', error: new CompensationError(failures, outcome.error) }
    if (!this.replaying) this.#effects.close()
  }
}

function nothing(): void {}
