import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import type { Context } from '../../core/context.ts'
import type { WorkflowCode } from '../../core/definition.ts'
import type { Engine, RunHandle } from '../../core/ports/engine.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Schema } from '../../core/schema.ts'
import { step } from '../../core/step.ts'
import { workflow, type Workflow } from '../../core/workflow.ts'
import { gate } from './gate.ts'
import type { EnginePlace } from './place.ts'

export interface LogLine {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

/** One place, the workflows of one case, and the lives of the process. */
export class Stage {
  /** What was said, in every life. */
  readonly lines: LogLine[] = []
  readonly #place: EnginePlace
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  readonly #flows: WorkflowCode<any>[] = []
  readonly #cut = gate()
  #opening: Promise<void> | undefined
  #engine: Engine | undefined
  #life = 1

  constructor(place: EnginePlace) {
    this.#place = place
  }

  /** 1, and one more after each restart. An engine may execute a run's code several times in one life. */
  get life(): number {
    return this.#life
  }

  /** A workflow with a name of its own, to be defined before the first `start`. */
  flow<I = unknown, O = unknown>(
    execute: (ctx: Context<I>, input: I) => PromiseLike<O> | O,
    schemas: { readonly input?: Schema<I, I>; readonly output?: Schema<O, O> } = {},
  ): Workflow<I, O> {
    assert.equal(this.#opening, undefined, 'a workflow that was defined after the place was opened')
    const name = `flow-${randomUUID().slice(0, 8)}`
    const made = workflow<I, O>({ name, ...schemas, execute }) as unknown as Workflow<I, O>
    this.#flows.push(made)
    return made
  }

  /** Starts a run. The first time it opens the place. */
  async start<I, O>(flow: Workflow<I, O>, input?: I, id: string = randomUUID()): Promise<RunHandle<O>> {
    this.#opening ??= this.#open()
    await this.#opening
    return await flow.start(input as I, { id, engine: this.#running() })
  }

  async run<I, O>(flow: Workflow<I, O>, input?: I): Promise<O> {
    const run = await this.start(flow, input)
    return await run.result()
  }

  /** Runs a body as a workflow. */
  async play<T>(body: (ctx: Context) => PromiseLike<T> | T): Promise<T> {
    return await this.run(this.flow(body))
  }

  get<I, O>(flow: Workflow<I, O>, id: string): RunHandle<O> {
    return flow.get(id, { engine: this.#running() })
  }

  async restart(): Promise<void> {
    this.#life++
    this.#engine = await this.#place.restart()
  }

  /** A step's function that hangs in the first life, which `crash` waits for, and returns in the next. */
  readonly cut = async (): Promise<void> => {
    if (this.#life > 1) return
    this.#cut.open()
    await new Promise(() => undefined)
  }

  /**
   * Starts a run and crashes when its code has come to `cut`.
   * @param meanwhile what is done to the run before that
   * @returns its handle in the second life
   */
  async crash<O>(
    flow: Workflow<unknown, O>,
    meanwhile?: (run: RunHandle<O>) => Promise<void>,
  ): Promise<RunHandle<O>> {
    const run = await this.start(flow)
    await meanwhile?.(run)
    await Promise.race([this.#cut.promise, tooEarly(run)])
    await this.restart()
    return this.get(flow, run.id)
  }

  /**
   * Runs a body, crashes behind it, and lets it run again from what was recorded.
   * @returns what it came to, which was the same each time
   */
  async twice<T>(body: (ctx: Context) => PromiseLike<T>): Promise<T> {
    const seen = new Map<number, T>()
    const flow = this.flow(async (ctx) => {
      const came = await body(ctx)
      seen.set(this.#life, came)
      await step('cut off', this.cut)
    })
    const run = await this.crash(flow)
    await run.result()
    assert.deepEqual([...seen.keys()], [1, 2])
    const [live, replayed] = [...seen.values()] as [T, T]
    assert.deepEqual(replayed, live)
    return live
  }

  /** Messages of one level. */
  messages(level: keyof Logger): string[] {
    return this.lines.flatMap((line) => (line.level === level ? [line.message] : []))
  }

  async #open(): Promise<void> {
    this.#engine = await this.#place.open(this.#flows, this.#log())
  }

  #running(): Engine {
    return this.#engine ?? assert.fail('nothing has been started yet')
  }

  #log(): Logger {
    const at =
      (level: keyof Logger): Logger['info'] =>
      (message, fields) =>
        void this.lines.push({ level, message, fields })
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }
}

/** Rejects when a run ends that was to be cut off. */
async function tooEarly(run: RunHandle): Promise<never> {
  const output = await run.result()
  assert.fail(`the run was to be cut off, and has ended with ${inspect(output)}`)
}
