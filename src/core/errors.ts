import { withoutFrames } from './without-frames.ts'

/**
 * The closed set of things that can go wrong. Every message says what happened, where, and what to do.
 * Inheritance is used here and nowhere else in the project.
 */
export type ErrorCode =
  | 'STEP_FAILED'
  | 'CHILD_FAILED'
  | 'COMPENSATION_FAILED'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'SERIALIZATION'
  | 'NON_DETERMINISM'
  | 'NESTED_OPERATION'
  | 'INVALID_INPUT'
  | 'RUN_CONFLICT'
  | 'RUN_NOT_FOUND'
  | 'STEP_NOT_FOUND'
  | 'RUN_BLOCKED'
  | 'WORKFLOW_NOT_FOUND'
  | 'ENGINE_STOPPED'
  | 'STORE'

export abstract class WorkflowError extends Error {
  abstract readonly code: ErrorCode
}

/** A step failed for good (E1): its last allowed attempt threw, or its retry policy gave up. */
export class StepError extends WorkflowError {
  override readonly name: string = 'StepError'
  readonly code = 'STEP_FAILED'
  /** The name given to `step()`. */
  readonly stepName: string
  /** The step's identity in the journal: its scope and its name. */
  readonly key: string
  /** How many times the function was called, those that a crash cut off included. */
  readonly attempts: number

  constructor(step: { stepName: string; key: string; attempts: number }, cause: unknown) {
    super(
      `Step ${quote(step.stepName)} failed after ${plural(step.attempts, 'attempt')}: ${because(cause)}`,
      {
        cause,
      },
    )
    this.stepName = step.stepName
    this.key = step.key
    this.attempts = step.attempts
    withoutFrames(this)
  }
}

/** A run started by `ctx.invoke` failed; `cause` is what its `execute` threw. */
export class ChildError extends WorkflowError {
  override readonly name: string = 'ChildError'
  readonly code = 'CHILD_FAILED'
  readonly runId: string
  readonly workflow: string

  constructor(child: { runId: string; workflow: string }, cause: unknown) {
    super(`Child run ${quote(child.runId)} of workflow ${quote(child.workflow)} failed: ${because(cause)}`, {
      cause,
    })
    this.runId = child.runId
    this.workflow = child.workflow
    withoutFrames(this)
  }
}

/** A step that was to be undone and could not be. */
export interface CompensationFailure {
  /** The name given to `step()`. */
  readonly step: string
  readonly key: string
  /** What the last attempt to undo it came to: a `StepError`, whose `cause` is what `compensate` threw. */
  readonly error: unknown
}

/**
 * The run failed (or was cancelled) and not everything that it had done could be undone; `cause` is what it failed with.
 */
export class CompensationError extends WorkflowError {
  override readonly name: string = 'CompensationError'
  readonly code = 'COMPENSATION_FAILED'
  /** In the order in which they were tried: the last step first. */
  readonly failures: readonly CompensationFailure[]

  constructor(failures: readonly CompensationFailure[], cause: unknown) {
    const list = failures.map(({ key, error }) => `${quote(key)} (${messageOf(error)})`).join(', ')
    super(
      `${plural(failures.length, 'step')} could not be undone and must be by hand: ${list}. The run had failed: ${because(cause)}`,
      { cause },
    )
    this.failures = failures
    withoutFrames(this)
  }
}

/** A group, a step's attempt or a wait took longer than its `timeout`. */
export class TimeoutError extends WorkflowError {
  override readonly name: string = 'TimeoutError'
  readonly code = 'TIMEOUT'
  /** Key of the operation whose time was up. */
  readonly key: string
  /** The limit, in milliseconds. */
  readonly timeout: number

  constructor(key: string, timeout: number) {
    super(`${quote(key)} was not done within ${timeout} ms`)
    this.key = key
    this.timeout = timeout
    withoutFrames(this)
  }
}

/**
 * Why something was aborted (E4). `run-ended`: it still ran when `execute` had returned (the loser of a plain
 * `Promise.race`). `aborted`: by the group's own `signal`. `engine-stopping`, `run-interrupted`, `run-taken-over`: it
 * will run again, here or elsewhere, after a stop, after a failure of the store or a change of the code, or at this
 * moment in another process.
 */
export type CancelKind =
  | 'sibling-failed'
  | 'race-lost'
  | 'timeout'
  | 'run-cancelled'
  | 'run-ended'
  | 'aborted'
  | 'engine-stopping'
  | 'run-interrupted'
  | 'run-taken-over'

export interface CancelReason {
  readonly kind: CancelKind
  /** Key of the operation, or name of the caller, that caused it. */
  readonly by?: string
  readonly cause?: unknown
}

/**
 * What an aborted `signal` carries as its `reason`, and what an `await` of something cancelled rejects with.
 * Being an Error, it can be rethrown as it is (`signal.throwIfAborted()`), which counts as cancelled, not failed.
 */
export class CancelledError extends WorkflowError implements CancelReason {
  override readonly name: string = 'CancelledError'
  readonly code = 'CANCELLED'
  readonly kind: CancelKind
  readonly by?: string

  constructor(reason: CancelReason) {
    super(cancelMessage(reason), 'cause' in reason ? { cause: reason.cause } : undefined)
    this.kind = reason.kind
    if (reason.by !== undefined) this.by = reason.by
    withoutFrames(this)
  }
}

/** A value cannot be stored as it is; `path` says which part of it. */
export class SerializationError extends WorkflowError {
  override readonly name: string = 'SerializationError'
  readonly code = 'SERIALIZATION'
  /** From the root of the value: `result.user.save`, `input.items[3]`. */
  readonly path: string

  constructor(path: string, problem: string) {
    super(`Cannot store ${path}: ${problem}`)
    this.path = path
  }
}

/** The code no longer does what the journal recorded (D5). The run is parked, not failed. */
export class NonDeterminismError extends WorkflowError {
  override readonly name: string = 'NonDeterminismError'
  readonly code = 'NON_DETERMINISM'
  /** The recorded completion that nothing in the code waits for. */
  readonly recordedKey: string
  /** What the code waits for instead. */
  readonly waitingKeys: readonly string[]

  constructor(run: string, recordedKey: string, waitingKeys: readonly string[], detail: string) {
    super(
      `Run ${quote(run)} cannot be replayed: its journal has a completion of ${quote(recordedKey)} that the code never asked for. ${detail} ` +
        `The run is parked and nothing is lost: correct the code, then resume it.`,
    )
    this.recordedKey = recordedKey
    this.waitingKeys = waitingKeys
  }
}

/** An operation was created inside a step's own function (M6). */
export class NestedOperationError extends WorkflowError {
  override readonly name: string = 'NestedOperationError'
  readonly code = 'NESTED_OPERATION'

  constructor(inner: string, outerStep: string) {
    super(
      `${inner} was created inside the function of step ${quote(outerStep)}. A step is recorded as one unit and cannot hold ` +
        `another operation: move it out, group several with a function branch (\`parallel([async () => { … }])\`), or use \`ctx.invoke\`.`,
    )
  }
}

/** An input (or output) was refused by the workflow's schema (M13), before the run existed. */
export class InvalidInputError extends WorkflowError {
  override readonly name: string = 'InvalidInputError'
  readonly code = 'INVALID_INPUT'
  readonly issues: readonly { readonly message: string; readonly path: string }[]

  constructor(what: string, issues: readonly { readonly message: string; readonly path: string }[]) {
    const list = issues
      .map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message))
      .join('; ')
    super(`${what} is refused by the schema: ${list}`)
    this.issues = issues
  }
}

/** The run's state does not allow it, or its id is taken by a run of another workflow, or with another input (M12). */
export class RunConflictError extends WorkflowError {
  override readonly name: string = 'RunConflictError'
  readonly code = 'RUN_CONFLICT'
  readonly runId: string

  constructor(
    runId: string,
    difference: string,
    advice: string = 'choose another id, or start it with what it was started with',
  ) {
    super(`Run ${quote(runId)} exists already ${difference}: ${advice}`)
    this.runId = runId
  }
}

export class RunNotFoundError extends WorkflowError {
  override readonly name: string = 'RunNotFoundError'
  readonly code = 'RUN_NOT_FOUND'
  readonly runId: string

  constructor(runId: string, where: string) {
    super(`There is no run ${quote(runId)} in ${where}`)
    this.runId = runId
  }
}

/** A run cannot be retried, or forked, from an operation that it has not recorded. Nothing was changed. */
export class StepNotFoundError extends WorkflowError {
  override readonly name: string = 'StepNotFoundError'
  readonly code = 'STEP_NOT_FOUND'
  readonly runId: string
  /** The key that was asked for. */
  readonly key: string
  /** Recorded keys that may have been meant, the likeliest first. */
  readonly near: readonly string[]

  /** @param recorded every key that could have been asked for */
  constructor(runId: string, key: string, near: readonly string[], recorded: readonly string[]) {
    super(`Run ${quote(runId)} has recorded no operation ${quote(key)}; ${suggestion(near, recorded)}`)
    this.runId = runId
    this.key = key
    this.near = near
  }
}

/** The run is parked and needs a hand; `cause` says why. */
export class RunBlockedError extends WorkflowError {
  override readonly name: string = 'RunBlockedError'
  readonly code = 'RUN_BLOCKED'
  readonly runId: string

  constructor(runId: string, cause: unknown) {
    super(`Run ${quote(runId)} is blocked: ${because(cause)}`, { cause })
    this.runId = runId
  }
}

/** The engine does not know the code of a run's workflow. */
export class WorkflowNotFoundError extends WorkflowError {
  override readonly name: string = 'WorkflowNotFoundError'
  readonly code = 'WORKFLOW_NOT_FOUND'
  readonly workflow: string | undefined

  constructor(workflow: string | undefined, runId: string) {
    super(
      workflow === undefined
        ? `Run ${quote(runId)} belongs to a workflow without a name: only a parent that invokes it can resume it`
        : `Run ${quote(runId)} belongs to workflow ${quote(workflow)}, which this process has not defined: import it before resuming`,
    )
    this.workflow = workflow
  }
}

/** The engine stopped while the run was under way; the run is resumable. */
export class EngineStoppedError extends WorkflowError {
  override readonly name: string = 'EngineStoppedError'
  readonly code = 'ENGINE_STOPPED'

  constructor(what: string) {
    super(`${what}: the engine is stopped. Unfinished runs are kept and can be resumed`)
  }
}

export type StoreProblem =
  | 'full'
  | 'read-only'
  | 'locked'
  | 'corrupt'
  | 'not-a-database'
  | 'too-new'
  | 'unsupported'
  | 'fenced'
  | 'missing'
  | 'exists'
  | 'io'
  | 'closed'
  | 'unreachable'

/** The store could not read or write (R5). Nothing acknowledged is lost; unfinished runs stay resumable. */
export class StoreError extends WorkflowError {
  override readonly name: string = 'StoreError'
  readonly code = 'STORE'
  readonly problem: StoreProblem

  constructor(problem: StoreProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.problem = problem
  }
}

/** A name or an id as it appears in a message: quoted, control characters escaped, long ones cut. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}…` : text)
}

/** `instanceof`, for anything that can be thrown: a proxy may throw when it is asked. */
export function isInstance(thrown: unknown, Class: new (...args: never[]) => WorkflowError): boolean {
  try {
    return thrown instanceof Class
  } catch {
    return false
  }
}

/** The message of anything that can be thrown. Never throws itself. */
export function messageOf(thrown: unknown): string {
  try {
    const told: unknown = thrown instanceof Error ? thrown.message || thrown.name : thrown
    return typeof told === 'string' ? told : (JSON.stringify(told) ?? String(told))
  } catch {
    return 'a value that cannot be printed'
  }
}

/** Of a message that is repeated in another: the whole of it is in the `cause`, once, however large it is. */
const MOST_REPEATED = 1000

/** The message of a cause, cut when it is long. */
function because(cause: unknown): string {
  const text = messageOf(cause)
  return text.length > MOST_REPEATED
    ? `${text.slice(0, MOST_REPEATED)}… (${text.length.toLocaleString('en')} characters; all of them are in the cause)`
    : text
}

function suggestion(near: readonly string[], recorded: readonly string[]): string {
  if (near.length > 0) return `did you mean ${near.slice(0, 3).map(quote).join(' or ')}?`
  if (recorded.length === 0) return 'it has recorded nothing yet'
  const more = recorded.length - 5
  return `it has recorded ${recorded.slice(0, 5).map(quote).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** What is behind it, if anything is. */
function why({ cause }: CancelReason): string {
  return cause === undefined ? '' : `: ${because(cause)}`
}

function cancelMessage(reason: CancelReason): string {
  const by = reason.by === undefined ? '' : ` (by ${quote(reason.by)})`
  switch (reason.kind) {
    case 'sibling-failed':
      return `Cancelled because a sibling failed${by}`
    case 'race-lost':
      return `Cancelled because another branch won${by}`
    case 'timeout':
      return `Cancelled because the time was up${by}`
    case 'run-cancelled':
      return `Cancelled with its run${by}${why(reason)}`
    case 'run-ended':
      return 'Cancelled because its run ended without it'
    case 'aborted':
      return `Cancelled by an abort signal${by}${why(reason)}`
    case 'engine-stopping':
      return 'Cancelled because the engine is stopping; the run is resumable'
    case 'run-interrupted':
      return `Cancelled because the run cannot go on here; it is resumable${why(reason)}`
    case 'run-taken-over':
      return 'Cancelled because another process executes the run now'
  }
}
