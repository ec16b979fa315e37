/** What the programming model needs of an engine: to start runs and to find them again. */
import type { CancelledError } from '../errors.ts'
import type { Key } from './effects.ts'
import type { RunStatus } from './store.ts'
import type { WorkflowCode } from '../definition.ts'

/** A function that was given up and runs on: it ignores its `signal`. Whatever it returns is refused (R3). */
export interface Zombie {
  /** Name of the step; `execute` for the run's own code, which then awaits something that is not an operation. */
  readonly step: string
  /** Its identity in the journal; empty for the run's own code. */
  readonly key: Key
  /** Which call of the function; 0 for the run's own code. */
  readonly attempt: number
  /** When it was given up and its signal aborted, in milliseconds since the epoch. */
  readonly since: number
  /** Why. Of a `cause` only the message is kept. */
  readonly reason: CancelledError
  /** The process that it runs in. */
  readonly pid: number
  readonly host: string
}

/** A handle on one run. Every method looks the run up anew; none holds it in memory. */
export interface RunHandle<O = unknown> {
  readonly id: string
  /**
   * The output, once there is one. A run that nobody executes is taken up again, if its workflow is known here.
   * @throws what `execute` threw, in its journaled form (E2)
   * @throws {CancelledError} the run was cancelled
   * @throws {RunBlockedError} the run is parked (D5)
   * @throws {RunNotFoundError} there is no such run
   */
  result(): Promise<O>
  /** @throws {RunNotFoundError} */
  status(): Promise<RunStatus>
  /**
   * Asks for the run to be cancelled. Resolves when the request is recorded; `result()` tells when it has ended.
   * Has no effect on a run that has ended. A blocked run ends at once, without executing its code, and so do its
   * blocked children; the other children are asked to end.
   * @throws {RunNotFoundError}
   */
  cancel(reason?: unknown): Promise<void>
  /**
   * Its steps that ignore their signal: given up (a sibling failed, a race was lost, the time was up, the run was
   * cancelled or has ended …) longer ago than the engine's `abortGrace`, and still running, in this process or another.
   * Usually of a run that has ended since.
   * @throws {RunNotFoundError}
   */
  zombies(): Promise<readonly Zombie[]>
  /**
   * Executes an ended or blocked run again. Steps that succeeded are not repeated; with `fromStep`, those are which were
   * recorded after it, and a completed run is executed again as well.
   * @throws {RunNotFoundError}
   * @throws {RunConflictError} the run is under way, or has completed and there is no `fromStep`
   * @throws {StepNotFoundError} the run has not recorded `fromStep`; nothing was changed
   */
  retry(options?: RunRetryOptions): Promise<void>
  /**
   * Starts another run of the workflow with what this one has recorded so far, which it does not execute again. This run
   * is left as it is, and may be in any state.
   * @throws {RunNotFoundError}
   * @throws {RunConflictError} the new id is taken
   * @throws {StepNotFoundError} the run has not recorded `fromStep`; no run was created
   * @throws {InvalidInputError} the workflow's schema refuses the input
   * @throws {SerializationError} the input cannot be stored
   * @throws {WorkflowNotFoundError} another input, and the workflow's code is not at hand
   */
  fork(options?: ForkOptions): Promise<RunHandle<O>>
  /**
   * Sends an event, for `ctx.waitForEvent`. Kept until the run waits for it.
   * @throws {SerializationError} the payload cannot be stored
   * @throws {RunNotFoundError}
   */
  signal(event: string, payload?: unknown): Promise<void>
}

export interface RunRetryOptions {
  /**
   * Key of a recorded operation, as `show` prints it (`charge`, `parallel/2/extract`): a step, a child, a sleep or an
   * event. It and everything that was recorded after it is done anew. Default: only what did not succeed.
   */
  readonly fromStep?: string
}

export interface ForkOptions {
  /** Key of a recorded operation: the fork is given what was recorded before it. Default: everything that succeeded. */
  readonly fromStep?: string
  /** Input of the new run. Default: the input of this one. */
  readonly input?: unknown
  /** Identity of the new run. Default: a new UUID. */
  readonly id?: string
}

export interface StartOptions {
  /**
   * Identity of the run. Starting an id again returns the run there is, if workflow and input agree (M12).
   * Default: a new UUID.
   */
  readonly id?: string
}

export interface Engine {
  /**
   * Records a run and begins to execute it.
   * @throws {InvalidInputError} the workflow's schema refuses the input
   * @throws {SerializationError} the input cannot be stored
   * @throws {RunConflictError} the id is taken by another workflow, or another input (M12)
   * @throws {StoreError}
   */
  start<I, O>(workflow: WorkflowCode<I, O>, input: I, options?: StartOptions): Promise<RunHandle<O>>
  /** The handle of an earlier run. That there is one shows when the handle is used. */
  get<I, O>(workflow: WorkflowCode<I, O>, id: string): RunHandle<O>
}
