import type { Context } from './context.ts'
import type { Schema } from './schema.ts'

/** `I` is what `execute` takes, `O` what it gives, `In` what callers pass: another type where the schema converts. */
export interface WorkflowDefinition<I, O, In = I> {
  /** Identity in the journal. Without one a run cannot be resumed by itself after a restart (M3). */
  readonly name?: string
  /** Checks (and may convert) the input before the run exists; the input's type is inferred from it. */
  readonly input?: Schema<In, I>
  /** Checks the output; a bad one fails the run. */
  readonly output?: Schema<O, O>
  /**
   * The workflow's code. May run many times for one run (after each restart), so: it awaits operations, and everything
   * else that touches the world belongs in a step.
   */
  readonly execute: (ctx: Context<I>, input: I) => PromiseLike<O> | O
}

/** A workflow as an engine sees it. */
export interface WorkflowCode<I = never, O = unknown> {
  readonly name: string | undefined
  // oxlint-disable-next-line no-explicit-any -- what the schema makes of the input concerns `execute` alone
  readonly definition: WorkflowDefinition<any, O, I>
}

/** The types of input and output are for callers; inside an engine values are encoded. */
export function erased<I, O>(workflow: WorkflowCode<I, O>): WorkflowCode {
  return workflow as unknown as WorkflowCode
}
