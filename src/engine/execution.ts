import type { Codec } from '../core/codec/codec.ts'
import { encodedCode } from '../core/encoded-code.ts'
import {
  CancelledError,
  EngineStoppedError,
  NonDeterminismError,
  RunBlockedError,
  StoreError,
} from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Encoded } from '../core/ports/effects.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Audience } from '../core/ports/observer.ts'
import type { Claim, InboxItem, RunRecord, RunStatus, Write } from '../core/ports/store.ts'
import type { RunTrace, Telemetry } from '../core/ports/telemetry.ts'
import { runLoop } from '../core/run-loop.ts'
import type { RunOutcome } from '../core/ending.ts'
import { reportNeverAwaited } from '../core/never-awaited.ts'
import { placesOf } from '../core/places.ts'
import { Run } from '../core/run.ts'
import type { WorkflowCode } from '../core/definition.ts'
import { Announcer } from './announcer.ts'
import { BothAudiences } from './both-audiences.ts'
import type { StartChild } from './children.ts'
import type { GroupCommit } from './group-commit.ts'
import type { History } from './history.ts'
import { LateSignal } from './interruption.ts'
import { RunEffects } from './run-effects.ts'
import { StuckCode } from './stuck-code.ts'
import type { ZombieWatch } from './zombie-watch.ts'

export interface ExecutionOptions extends Audience {
  readonly record: RunRecord
  readonly claim: Claim
  readonly history: History
  readonly workflow: WorkflowCode
  readonly codec: Codec
  readonly clock: Clock
  readonly log: Logger
  readonly commits: GroupCommit
  readonly startChild: StartChild
  readonly zombies: ZombieWatch
  readonly telemetry: Telemetry | undefined
  /** The run was created just now, for this execution. */
  readonly isNew: boolean
  /** Milliseconds before a replay without progress is parked (D5). */
  readonly patience: number
  readonly abortGrace: number
}

/** Since when a run has been seen at rest, in steady time, and what it had recorded then. */
interface Resting {
  since: number
  readonly seq: number
}

/** What ends the loop of a run that is put away until something happens. */
const PARKED = Symbol('parked')

type End = Omit<Extract<Write, { kind: 'end' }>, 'kind' | 'claim' | 'at'>

/** One execution of one run in this process: from its claim to its end, or to where it can go no further here. */
export class Execution {
  readonly #options: ExecutionOptions
  readonly #announcer: Announcer
  readonly #trace: RunTrace | undefined
  readonly #effects: RunEffects
  readonly #run: Run
  readonly #stuck: StuckCode
  readonly #interruption = new LateSignal()
  /** For whoever puts runs away. */
  resting: Resting | undefined
  #parking = false
  #ended: RunRecord | undefined
  #parked: { readonly wakeAt: number | undefined } | undefined

  constructor(options: ExecutionOptions) {
    const { record, claim, history, codec, clock, commits, startChild, zombies, log } = options
    const { observe, observed } = options
    this.#options = options
    const trace = (this.#trace = traceOf(options))
    const announcer = (this.#announcer = new Announcer({ record, codec, clock, observe, observed, trace }))
    this.#effects = new RunEffects({
      record,
      claim,
      history,
      codec,
      clock,
      commits,
      startChild,
      zombies,
      announcer,
      trace,
    })
    const { id, workflow: name, seed, createdAt } = record
    const identity = { id, name, seed, createdAt, places: placesOf(options.workflow) }
    const audience = trace === undefined ? announcer : new BothAudiences(announcer, trace)
    this.#run = new Run(identity, this.#effects, codec, log, audience)
    const { abortGrace: grace } = options
    this.#stuck = new StuckCode({ run: this.#run, clock, grace, givenUp: (ago) => this.#codeGivenUp(ago) })
  }

  /** It only waits, and could be parked. */
  get atRest(): boolean {
    return this.#effects.atRest
  }

  /** Nothing of it can go on by itself now. */
  get idling(): boolean {
    return this.#effects.idling
  }

  /** It has not yet dealt with all that has happened to it, or its end is not recorded yet. */
  get dealing(): boolean {
    return this.#effects.dealing
  }

  /** A function of one of its steps runs, and is wanted. */
  get stepsRun(): boolean {
    return this.#effects.stepsRun
  }

  /** It is not being put away already; and one of a workflow without a name can be found again by nobody. */
  get mayBeParked(): boolean {
    return this.#options.record.workflow !== undefined && !this.#parking
  }

  /** How many entries it has recorded. */
  get seq(): number {
    return this.#effects.seq
  }

  /** When a run at rest wants to go on by itself. */
  get wakeAt(): number | undefined {
    return this.#effects.rest.wakeAt
  }

  /** Set once the run is in the store as one that waits; this execution is over then. */
  get parked(): { readonly wakeAt: number | undefined } | undefined {
    return this.#parked
  }

  /** The run as its end left it: set once that is recorded. */
  get ended(): RunRecord | undefined {
    return this.#ended
  }

  /** Ids of the child runs that a run at rest waits for. */
  get awaitedChildren(): readonly string[] {
    return this.#effects.rest.children
  }

  /** Puts a run that is at rest away (R7), unless something happens to it meanwhile. */
  park(): void {
    const { claim, commits } = this.#options
    if (this.#parking || !this.atRest) return
    const { rest } = this.#effects
    this.#parking = true
    commits.writeNotes() // deadlines first
    commits.push(
      { kind: 'park', claim, ...rest },
      {
        committed: () => {
          this.#parked = { wakeAt: rest.wakeAt }
          this.#effects.dismiss(PARKED)
        },
        declined: () => {
          this.#parking = false
        },
        refused: (error) => this.#effects.abandon(error),
      },
    )
  }

  /**
   * Executes the run to its recorded end, or until it waits and is parked.
   * @throws {StoreError | EngineStoppedError} it cannot go on here; it stays resumable
   */
  async perform(): Promise<RunStatus> {
    const trace = this.#trace
    try {
      return await (trace === undefined ? this.#perform() : trace.within(() => this.#perform()))
    } catch (error) {
      trace?.ended({ status: 'interrupted', error })
      throw error
    } finally {
      this.#announcer.end()
    }
  }

  async #perform(): Promise<RunStatus> {
    const { history } = this.#options
    this.#announcer.runStarted(history.steps)
    for (const item of history.inbox) this.arrived(item)
    if (history.cancelled) this.#stuck.begin()
    const end = await this.#outcome()
    if (end === undefined) {
      this.#announcer.runWaits(this.#parked?.wakeAt)
      this.#trace?.ended({ status: 'waiting', error: undefined })
      return 'waiting'
    }
    if (end.status !== 'blocked') this.#effects.close()
    this.#interruption.throwIfAborted()
    const told = this.#effects.childrenTold()
    if (told !== undefined) await unlessAborted(told, this.#interruption.signal)
    this.#effects.writeGroups()
    const at = await this.#record(end)
    if (end.status === 'completed' || end.status === 'failed')
      reportNeverAwaited(this.#run, this.#options.log)
    this.#announcer.runEnded(end, at)
    this.#traceEnd(end)
    return end.status
  }

  arrived(item: InboxItem): void {
    if (item.kind === 'cancel') this.#stuck.begin()
    this.#effects.arrived(item)
  }

  /** Starts nothing more; resolves when running steps have ended and are recorded. */
  async suspend(): Promise<void> {
    await this.#effects.suspend()
  }

  abandon(error: unknown): void {
    this.#interruption.abort(error)
    this.#effects.abandon(error)
  }

  /** @returns undefined when the run is parked */
  async #outcome(): Promise<End | undefined> {
    const { record, codec, clock, patience } = this.#options
    try {
      this.#run.begin(encodedCode(this.#options.workflow, codec), codec.decode(record.input))
      const interruption = (): AbortSignal => this.#interruption.signal
      return this.#endOf(await runLoop(this.#run, this.#effects, { clock, patience, interruption }))
    } catch (error) {
      if (error === PARKED) return undefined
      if (error instanceof StoreError || error instanceof EngineStoppedError) throw error
      // The run's code cannot be replayed, or its journal not understood: nothing is lost while it is parked. Its
      // steps are aborted, its children live on: the next execution finds them.
      this.#effects.abandon(error)
      if (!(error instanceof NonDeterminismError || error instanceof RunBlockedError))
        this.#options.log.error(`Run ${record.id} is parked`, { run: record.id, error })
      return { status: 'blocked', error: codec.encodeError(error) }
    } finally {
      this.#stuck.end()
    }
  }

  /** The run has just ended without its code, which awaits something that is not an operation. */
  #codeGivenUp(ago: number): void {
    const { record, zombies } = this.#options
    const reason = new CancelledError({ kind: 'run-cancelled' })
    const { no: run, id: runId, workflow } = record
    const ended = zombies.watchZombie({ run, runId, workflow, key: '', attempt: 0, reason }, ago)
    void this.#run.codeEnded.then(ended)
  }

  #endOf(outcome: RunOutcome): End {
    if (outcome.status === 'completed') return { status: 'completed', output: outcome.value as Encoded }
    return { status: outcome.status, error: this.#options.codec.encodeError(outcome.error) }
  }

  /** @returns when it ended */
  async #record(end: End): Promise<number> {
    const { commits, claim, clock, record } = this.#options
    const at = clock.now()
    await new Promise<void>((resolve, reject) => {
      commits.push({ kind: 'end', claim, at, ...end }, { committed: () => resolve(), refused: reject })
    })
    this.#ended = { ...record, output: undefined, error: undefined, ...end, endedAt: at, owner: undefined }
    return at
  }

  #traceEnd({ status, error }: End): void {
    if (this.#trace === undefined) return
    const { codec } = this.#options
    this.#trace.ended({ status, error: error === undefined ? undefined : codec.decodeError(error) })
  }
}

function traceOf({
  telemetry,
  record,
  claim,
  history,
  clock,
  isNew,
}: ExecutionOptions): RunTrace | undefined {
  return telemetry?.runBegins({
    id: record.id,
    workflow: record.workflow,
    parent: record.parent?.id,
    createdAt: record.createdAt,
    isNew,
    isFirst: claim.epoch === 1,
    recordedSteps: history.steps,
    origin: history.origin,
    clock,
  })
}

/** What comes of `work`, which is in the hands of user code, unless the run cannot go on here meanwhile. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
