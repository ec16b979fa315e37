import { callable, checkOptions, name as checkName } from './check.ts'
import { defaultEngine } from './default-engine.ts'
import type { WorkflowCode, WorkflowDefinition } from './definition.ts'
import { WORKFLOW } from './invoke.ts'
import type { Engine, RunHandle, StartOptions } from './ports/engine.ts'
import { checkSchema } from './schema.ts'

/**
 * The input of a workflow whose `execute` does not say what it takes: every property is `any`, and it can be mapped
 * over. Write `execute: async (ctx, order: Order) => …`, or give an `input` schema, to have it checked.
 */
// oxlint-disable-next-line no-explicit-any -- stands for a type that nobody gave
export type Untyped = any[] & { [property: string]: any }

// oxlint-disable-next-line no-explicit-any -- callers may pass anything where nobody gave a type
type Accepts<I> = [Untyped] extends [I] ? any : I

export interface EngineOption {
  /** Default: the embedded engine, in `.ai-workflows/`. */
  readonly engine?: Engine
}

export interface Workflow<I = unknown, O = unknown> extends WorkflowCode<I, O> {
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
export function workflow<I = Untyped, O = unknown, In = I>(
  definition: WorkflowDefinition<I, O, In>,
): Workflow<Accepts<In>, O> {
  checkOptions('workflow()', definition ?? null, DEFINITION)
  callable((definition as { execute?: unknown }).execute, 'workflow() option "execute"')
  const defined: unknown = new DefinedWorkflow(definition)
  return defined as Workflow<Accepts<In>, O>
}

const START = { id: checkName, engine: checkEngine }
const GET = { engine: checkEngine }

class DefinedWorkflow<I, O> implements Workflow<I, O> {
  readonly [WORKFLOW] = true
  readonly name: string | undefined
  readonly definition: Workflow<I, O>['definition']

  constructor(definition: Workflow<I, O>['definition']) {
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

function checkEngine(value: unknown, what: string): void {
  const fits =
    typeof value === 'object' && value !== null && typeof (value as Partial<Engine>).start === 'function'
  if (!fits) throw new TypeError(`${what}: expected an engine, as createEngine() makes one`)
}
