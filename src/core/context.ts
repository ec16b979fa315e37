import type { Duration } from './duration.ts'
import { type ReceivedEvent, type WaitForEventOptions, waitForEventIn } from './event.ts'
import type { Host } from './host.ts'
import { type Invocable, type InvokeOptions, invokeIn } from './invoke.ts'
import type { Operation } from './operation.ts'
import { type parallel, parallelIn } from './parallel.ts'
import type { Logger } from './ports/logger.ts'
import { type any, anyIn, type race, raceIn } from './race.ts'
import { ambientRunScope, type Scope } from './scope.ts'
import { sleepIn } from './sleep.ts'
import type { StepInfo } from './step-table.ts'
import { type step, stepIn } from './step.ts'
import { type Holdable, uncancellableIn } from './uncancellable.ts'

/** What a workflow's `execute` is given. Everything on it is deterministic: a replay sees the same. */
export interface Context<I = unknown> {
  /** The run's id. */
  readonly id: string
  /** The workflow's name. */
  readonly name: string | undefined
  readonly input: I
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
  /** Steps started so far, by key (at the root: by name), in no particular order. */
  readonly steps: Readonly<Record<string, StepInfo | undefined>>
  /** Messages carry the run's id and workflow (`run`, `workflow`), and are not repeated by a replay. */
  readonly log: Logger
  /** Time of the last thing that happened to the run, in milliseconds since the epoch: stands still between two awaits. */
  now(): number
  /** In [0, 1), from the run's seed. */
  random(): number
  /** A version 4 UUID, from the run's seed. */
  uuid(): string
  /**
   * Runs another workflow as a run of its own: own id, own journal, started once however often this run is replayed.
   * @throws {ChildError} when awaited: the child failed or was cancelled
   */
  invoke<CI, CO>(child: Invocable<CI, CO>, input: NoInfer<CI>, options?: InvokeOptions): Operation<CO>
  /** A durable timer: it goes on while no process runs. */
  sleep(duration: Duration): Operation<void>
  /**
   * Waits for an event sent to this run (`run.signal(name, payload)`), also one that was sent before. An event is received once.
   * One name resolves to the payload, several to `{ name, payload }`.
   * @throws {TimeoutError} when awaited: the time was up, and there is no `timeoutValue`
   */
  // oxlint-disable-next-line no-explicit-any -- a payload is whatever was sent, unless the caller says what
  waitForEvent<T = any>(name: string, options?: WaitForEventOptions): Operation<T>
  waitForEvent(names: readonly string[], options?: WaitForEventOptions): Operation<ReceivedEvent>
  /**
   * Calls `fn` out of reach of every cancellation around it, of the group and of the run: for cleaning up in a `finally`.
   * Operations in it start, and are cancelled only by groups inside of it. The run does not end before `fn` has, so let it
   * end: give what may hang a `timeout`.
   * @returns a promise of what `fn` returns; it is not rejected by a cancellation
   * @throws {TypeError} at the call: `fn` is not a function
   * @throws {NestedOperationError} at the call: inside a step's function
   */
  uncancellable<T>(fn: () => T | PromiseLike<T>): Promise<T>
  readonly step: typeof step
  readonly parallel: typeof parallel
  readonly race: typeof race
  readonly any: typeof any
}

/** What the context shows of the run. */
export interface RunView extends Host, Holdable {
  readonly runId: string
  readonly name: string | undefined
  readonly steps: Readonly<Record<string, StepInfo | undefined>>
  readonly now: number
  readonly random: { float(): number; uuid(): string }
}

const PLACE = Symbol('place')

/** The run that a context is of, for the accessors, which all contexts share. */
interface Placed {
  readonly [PLACE]: { readonly run: RunView; readonly root: Scope }
}

/**
 * What most code never looks at, and is made when it does. Accessors of its own in an object literal would make each
 * context a dictionary: twice as large, and slower to make and to read.
 */
const ACCESSORS: PropertyDescriptorMap & ThisType<Placed> = {
  signal: {
    enumerable: true,
    get() {
      return this[PLACE].root.signal
    },
  },
  steps: {
    enumerable: true,
    get() {
      return this[PLACE].run.steps
    },
  },
  log: {
    enumerable: true,
    get() {
      return this[PLACE].run.log
    },
  },
}

/** @param root where operations belong when the code that creates them has lost its place (a callback of a foreign library) */
export function createContext<I>(run: RunView, root: Scope, input: I): Context<I> {
  const here = (what: string): Scope => {
    const ambient = ambientRunScope(what)
    return ambient?.host === run ? ambient : root
  }
  const context = {
    id: run.runId,
    name: run.name,
    input,
    now: () => run.now,
    random: () => run.random.float(),
    uuid: () => run.random.uuid(),
    invoke: (child: unknown, childInput: unknown, options?: InvokeOptions) =>
      invokeIn(here('ctx.invoke()'), child, childInput, options, context.invoke),
    sleep: (duration: Duration) => sleepIn(here('ctx.sleep()'), duration, context.sleep),
    waitForEvent: (names: string | readonly string[], options?: WaitForEventOptions) =>
      waitForEventIn(here('ctx.waitForEvent()'), names, options, context.waitForEvent),
    uncancellable: <T>(fn: () => T | PromiseLike<T>) => uncancellableIn(run, here('ctx.uncancellable()'), fn),
    step: ((name, fn, options) => stepIn(here('ctx.step()'), name, fn, options, context.step)) as typeof step,
    parallel: ((branches, options) =>
      parallelIn(here('ctx.parallel()'), branches, options, context.parallel)) as typeof parallel,
    race: ((branches, options) => raceIn(here('ctx.race()'), branches, options, context.race)) as typeof race,
    any: ((branches, options) => anyIn(here('ctx.any()'), branches, options, context.any)) as typeof any,
  }
  Object.defineProperty(context, PLACE, { value: { run, root } })
  return Object.defineProperties(context, ACCESSORS) as unknown as Context<I>
}
