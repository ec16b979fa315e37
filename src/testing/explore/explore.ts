import {
  boolean,
  callable,
  type Check,
  checkOptions,
  either,
  numberFrom,
  oneOf,
  positiveInteger,
} from '../../core/check.ts'
import { createCodec, type ClassType } from '../../core/codec/codec.ts'
import { erased, type WorkflowCode } from '../../core/definition.ts'
import { show } from '../../core/duration.ts'
import { isWorkflow } from '../../core/invoke.ts'
import { runLoop } from '../../core/run-loop.ts'
import { validate } from '../../core/schema.ts'
import { standInForSteps } from '../../core/step-stand-ins.ts'
import { checkTable, type StepTable } from '../mock-steps.ts'
import type { Schedule } from './chooser.ts'
import { Exploration } from './exploration.ts'
import type { Life } from './life.ts'
import { placeOf, type RunEnd } from './live-run.ts'
import { StepPlace } from './places.ts'
import type { Parts, Plan } from './plan.ts'
import { replaceGlobals, surroundingsHere } from './surroundings.ts'

/** How an explored run ended. */
export interface Outcome<O = unknown> {
  readonly status: 'completed' | 'failed' | 'cancelled'
  /** Of a completed run. */
  readonly output: O | undefined
  /** Of one that failed or was cancelled. */
  readonly error: unknown
}

/** One explored life of the run, as `check` is given it. */
export interface ExploredLife<O = unknown> extends Outcome<O> {
  /** What happened, in order: keys of operations that completed, and what begins with `!`. */
  readonly schedule: Schedule
  /** Steps by key (those of children as `key !of id`): what was recorded last of each. */
  readonly steps: Readonly<Record<string, 'completed' | 'failed'>>
}

export interface ExploreOptions<I = unknown, O = unknown> {
  readonly input: I
  /** Functions in place of those of steps, by name or key. Others run their own. */
  readonly steps?: StepTable
  /** Functions in place of child workflows, by name: what they return is the child's output. Others are explored too. */
  readonly children?: Readonly<Record<string, (input: never) => unknown>>
  /** Events that are sent to the run. Each may arrive at any moment at which something waits for it. */
  readonly events?: readonly { readonly name: string; readonly payload?: unknown }[]
  /**
   * How many orders of completions to try at most: all of them if there are no more, else as many random ones, beside
   * those tried until that was seen. Default 500. `'all'`: until there are no more.
   */
  readonly orders?: number | 'all'
  /**
   * How often to crash and resume at most. Default `true`: after every completion, once for every beginning of an order,
   * up to 2,000 times. `false`: never.
   */
  readonly crashes?: boolean | number
  /** Steps that may also fail, by name or key; `true`: any. Default: none. */
  readonly failures?: boolean | readonly string[]
  /** Steps that may also never end, by name or key, until their signal is aborted; `true`: any. Default: none. */
  readonly hangs?: boolean | readonly string[]
  /** Whether the time of a `timeout` may be up at any moment. Default: only when nothing else can happen. */
  readonly timeouts?: boolean
  /** Whether the run may be cancelled at any moment. Default `false`. */
  readonly cancel?: boolean
  /** Most such accidents (failures, hangs, timeouts, a cancellation) in one life. Default 1. */
  readonly faults?: number
  /** Whether different orders may have different outputs. Default `false`. */
  readonly orderMatters?: boolean
  /** What random orders, and all other chance, follow from. Default 1: the same at each time. */
  readonly seed?: number
  /** Schedules of an `ExplorationError`, or of a `check`: tries these only. */
  readonly repeat?: readonly Schedule[]
  /** Called for every life that ends: throws if it should not have ended so. */
  readonly check?: (life: ExploredLife<O>) => unknown
  /** Called before every life: sets back what step functions change outside (a table, an array). */
  readonly before?: () => unknown
  /** What is to be seen outside at the end of a life: must be the same with a crash as without. Anything storable. */
  readonly observe?: () => unknown
  /** Most completions in one life: one with more never ends. Default 10,000. */
  readonly limit?: number
  /** Milliseconds of real time that a step's function has to come to something; then it hangs. Default 1,000. */
  readonly patience?: number
  /** Classes that are stored as such, as for `createEngine`. */
  readonly classes?: readonly ClassType[]
}

export interface ExplorationReport<O = unknown> {
  /** Different orders tried. */
  readonly orders: number
  /** Crashes tried. */
  readonly crashes: number
  /** Whether these were all orders there are, with all crashes (if any were wanted). */
  readonly exhaustive: boolean
  readonly seed: number
  /** Different ends that the run came to. */
  readonly ends: readonly Outcome<O>[]
  /** What is likely to be wrong though nothing went wrong: impure code, operations never awaited, unused table entries. */
  readonly warnings: readonly string[]
}

/**
 * Executes a workflow in a virtual world in every order of completions, or in many, and crashes and resumes it at
 * every point of each. Time passes in no time.
 *
 * It demands that a crash changes nothing (the same output, the same outcomes of steps, no recorded step called again)
 * if the same things happen in the same order; and, unless `orderMatters`, that every order has the same output.
 *
 * While it runs, `Date`, `Math.random`, `performance.now` and `crypto.randomUUID` give the explored code other values in
 * every life, and its steps the same.
 *
 * @throws {ExplorationError} the run does otherwise: the message tells how, step by step
 * @throws {TypeError} a bad option
 * @throws {InvalidInputError} the workflow's schema refuses the input
 */
export async function explore<I, O>(
  workflow: WorkflowCode<I, O>,
  options: ExploreOptions<NoInfer<I>, NoInfer<O>>,
): Promise<ExplorationReport<O>> {
  return await exploreWith({ loop: runLoop }, workflow, options)
}

/** The same with other parts of the library than the real ones. */
export async function exploreWith<I, O>(
  parts: Parts,
  workflow: WorkflowCode<I, O>,
  options: ExploreOptions<NoInfer<I>, NoInfer<O>>,
): Promise<ExplorationReport<O>> {
  checkArguments(workflow, options)
  const { orders = 500, crashes = true, orderMatters = false, check = () => undefined, repeat } = options
  const most = typeof crashes === 'number' ? crashes : crashes ? MOST_CRASHES : 0
  const plan = await planOf(parts, erased(workflow), options as ExploreOptions)
  const exploration = new Exploration(plan, {
    orders: orders === 'all' ? Number.POSITIVE_INFINITY : orders,
    crashes: most,
    orderMatters,
    check: (life, schedule) => check(exploredLife<O>(life, schedule, plan)),
  })
  const restore = [replaceGlobals(), callThroughPlaces(plan)]
  try {
    const exhaustive = repeat === undefined ? await exploration.explore() : false
    if (repeat !== undefined) await exploration.repeat(repeat)
    return {
      orders: exploration.orders,
      crashes: most === 0 ? 0 : exploration.crashes,
      exhaustive,
      seed: plan.seed,
      ends: exploration.ends.map((end) => outcomeOf<O>(end, plan)),
      warnings: warningsOf(plan),
    }
  } finally {
    for (const one of restore) one()
  }
}

const MOST_CRASHES = 2000

const isTable: Check = (value, what) => checkTable(what, value)
const names: Check = either(Array.isArray, boolean)
const list: Check = (value, what) => {
  if (!Array.isArray(value)) throw new TypeError(`${what}: expected an array, got ${show(value)}`)
}

const CHECKS: Readonly<Record<keyof ExploreOptions, Check>> = {
  input: () => undefined,
  steps: isTable,
  children: isTable,
  events: list,
  orders: either((value) => typeof value === 'number' && value >= 1, oneOf('all')),
  crashes: either((value) => typeof value === 'number' && value >= 1, boolean),
  failures: names,
  hangs: names,
  timeouts: boolean,
  cancel: boolean,
  faults: numberFrom(0),
  orderMatters: boolean,
  seed: numberFrom(0),
  repeat: list,
  check: callable,
  before: callable,
  observe: callable,
  limit: positiveInteger,
  patience: numberFrom(0),
  classes: list,
}

function checkArguments(workflow: unknown, options: unknown): void {
  if (!isWorkflow(workflow)) throw new TypeError(`explore(): expected a workflow, got ${show(workflow)}`)
  checkOptions('explore()', options ?? null, CHECKS)
}

async function planOf(parts: Parts, workflow: WorkflowCode, options: ExploreOptions): Promise<Plan> {
  const codec = createCodec(options.classes)
  const input = await validate(workflow.definition.input, options.input, 'The input')
  const { failures = false, hangs = false, events = [] } = options
  return {
    workflow,
    codec,
    parts,
    input: codec.encode(input, 'input'),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    steps: options.steps ?? {},
    children: (options.children ?? {}) as Plan['children'],
    events: events.map(({ name, payload }) => ({ name, payload: codec.encode(payload, 'payload') })),
    mayFail: among(failures),
    mayHang: among(hangs),
    mayTimeOut: options.timeouts ?? false,
    mayBeCancelled: options.cancel ?? false,
    faults: options.faults ?? 1,
    limit: options.limit ?? 10_000,
    patience: options.patience ?? 1000,
    seed: options.seed ?? 1,
    before: options.before ?? ((): void => undefined),
    observe: options.observe,
    hung: new Set(),
    used: new Set(),
    touched: new Set(),
    neverAwaited: new Set(),
  }
}

function among(names: boolean | readonly string[]): (key: string, name: string) => boolean {
  if (typeof names === 'boolean') return () => names
  return (key, name) => names.includes(key) || names.includes(name)
}

/** Steps of this exploration are called as it wants; all others as ever. */
function callThroughPlaces(plan: Plan): () => void {
  return standInForSteps((step, context, own) => {
    const place = surroundingsHere()
    return place instanceof StepPlace && place.plan === plan ? place.call(step, context, own) : own()
  })
}

function outcomeOf<O>({ status, payload }: RunEnd, { codec }: Plan): Outcome<O> {
  const value = codec.decode(payload)
  return status === 'completed'
    ? { status, output: value as O, error: undefined }
    : { status, output: undefined, error: value }
}

function exploredLife<O>({ end, entries }: Life, schedule: Schedule, plan: Plan): ExploredLife<O> {
  const steps: Record<string, 'completed' | 'failed'> = {}
  for (const { run, completion } of entries) {
    if (completion.kind === 'step-done') steps[placeOf(run, completion.key)] = 'completed'
    if (completion.kind === 'step-failed') steps[placeOf(run, completion.key)] = 'failed'
  }
  return { ...outcomeOf<O>(end as RunEnd, plan), schedule, steps }
}

function warningsOf({ touched, neverAwaited, used, steps, children }: Plan): string[] {
  const unused = [...Object.keys(steps), ...Object.keys(children)].filter((entry) => !used.has(entry))
  return [
    ...[...touched].map((what) => `Used outside of any step, and no replay repeats it: ${what}`),
    ...neverAwaited,
    ...unused.map((entry) => `Nothing was called ${JSON.stringify(entry)}`),
  ]
}
