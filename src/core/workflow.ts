import { callable, checkOptions, name as checkName } from './check.ts'
import type { Context } from './context.ts'
import { defaultEngine } from './default-engine.ts'
import type { Engine, RunHandle, StartOptions } from './ports/engine.ts'
import { checkSchema, type Schema } from './schema.ts'

/**
 * The input of a workflow whose `execute` does not say what it takes: every property is `any`, and it can be mapped
 * over. Write `execute: async (ctx, order: Order) => …`, or give an `input` schema, to have it checked.
 */
// oxlint-disable-next-line no-explicit-any -- stands for a type that nobody gave
export type Untyped = any[] & { [property: string]: any }

// oxlint-disable-next-line no-explicit-any -- callers may pass anything where nobody gave a type
type Accepts<I> = [Untyped] extends [I] ? any : I

export interface WorkflowDefinition<I, O> {
  /** Identity in the journal. Without one a run cannot be resumed by itself after a restart (M3). */
  readonly name?: string
  /** Checks (and may convert) the input before the run exists; the input's type is inferred from it. */
  readonly input?: Schema<unknown, I>
  /** Checks the output; a bad one fails the run. */
  readonly output?: Schema<unknown, O>
  /**
   * The workflow's code. May run many times for one run (after each restart), so: it awaits operations, and everything
   * else that touches the world belongs in a step.
   */
  readonly execute: (ctx: Context<I>, input: I) => Promise<O> | O
}

export interface EngineOption {
  /** Default: the embedded engine, in `.ai-workflows/`. */
  readonly engine?: Engine
}

export interface Workflow<I = unknown, O = unknown> {
  readonly name: string | undefined
  readonly definition: WorkflowDefinition<I, O>
  /** Starts a run and waits for its output. Throws what `start` and `result` throw. */
  run(input: I, options?: StartOptions & EngineOption): Promise<O>
  /** Starts a run and returns its handle as soon as the run is recorded. */
  start(input: I, options?: StartOptions & EngineOption): Promise<RunHandle<O>>
  /** The handle of an earlier run. */
  get(id: string, options?: EngineOption): RunHandle<O>
}

const DEFINITION = { name: checkName, input: checkSchema, output: checkSchema, execute: callable }

/**
 * Defines a workflow: plain TypeScript, made durable. Defining does nothing; `run` or `start` does.
 * @throws {TypeError} a bad name, schema or `execute`, or an unknown property
 */
export function workflow<I = Untyped, O = unknown>(definition: WorkflowDefinition<I, O>): Workflow<Accepts<I>, O> {
  checkOptions('workflow()', definition ?? null, DEFINITION)
  callable((definition as { execute?: unknown }).execute, 'workflow() option "execute"')
  return new DefinedWorkflow(definition) as unknown as Workflow<Accepts<I>, O>
}

const START = { id: checkName, engine: checkEngine }
const GET = { engine: checkEngine }

class DefinedWorkflow<I, O> implements Workflow<I, O> {
  readonly name: string | undefined
  readonly definition: WorkflowDefinition<I, O>

  constructor(definition: WorkflowDefinition<I, O>) {
    this.name = definition.name
    this.definition = definition
  }

  async run(input: I, options?: StartOptions & EngineOption): Promise<O> {
    const run = await this.start(input, options)
    return await run.result()
  }

  async start(input: I, options: StartOptions & EngineOption = {}): Promise<RunHandle<O>> {
    checkOptions('start()', options, START)
    const { engine = defaultEngine(), id } = options
    return await engine.start<I, O>(this, input, id === undefined ? {} : { id })
  }

  get(id: string, options: EngineOption = {}): RunHandle<O> {
    checkName(id, 'get() id')
    checkOptions('get()', options, GET)
    const { engine = defaultEngine() } = options
    return engine.get<I, O>(this, id)
  }
}

export function isWorkflow(value: unknown): value is Workflow<never, unknown> {
  return value instanceof DefinedWorkflow
}

function checkEngine(value: unknown, what: string): void {
  const fits = typeof value === 'object' && value !== null && typeof (value as Partial<Engine>).start === 'function'
  if (!fits) throw new TypeError(`${what}: expected an engine, as createEngine() makes one`)
}
