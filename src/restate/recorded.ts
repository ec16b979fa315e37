/**
 * What a run that failed leaves to the execution that repeats it (`retry`): its completions, kept in its state when it ends.
 * Restate's journals cannot be read by other runs, and begin anew with each.
 */
import type { WorkflowContext, WorkflowSharedContext } from '@restatedev/restate-sdk'
import { payloadSize } from '../core/payload-size.ts'
import type { Completion, Encoded } from '../core/ports/effects.ts'
import type { JournalEntry } from '../core/ports/store.ts'
import { outcomesOf, timesUndone } from '../effects/outcomes.ts'
import { Reusable } from '../effects/reusable.ts'
import { json } from './json.ts'
import { ENDED_PROMISE, ABOUT, RECORDED } from './messages.ts'

/** A part of them: `rest` says whether there are more. */
interface Part {
  readonly completions: readonly Completion[]
  readonly orders: readonly number[]
  readonly rest: boolean
  /** Of a run that had completed after all. */
  readonly output?: Encoded | undefined
}

/** What is known of earlier executions of a run, in the order in which it happened. */
export interface Recorded {
  readonly completions: readonly Completion[]
  /** Where those of each execution begin, oldest first. */
  readonly orders: readonly number[]
  readonly output?: Encoded | undefined
}

export const NOTHING: Recorded = { completions: [], orders: [] }

/** Characters of one value in a run's state. */
const PART = 1024 * 1024

/** To be called when the run ends, so that whoever repeats it knows. Of a run that has succeeded, that alone. */
export function end(ctx: WorkflowContext, output: Encoded | null, history: Recorded): void {
  if (output === null) keep(ctx, history)
  void ctx.promise(ENDED_PROMISE).resolve(output)
}

function keep(ctx: WorkflowContext, { completions, orders }: Recorded): void {
  const parts: Completion[][] = [[]]
  let characters = 0
  for (const completion of completions) {
    characters += payloadSize(completion)
    if (characters > PART) {
      parts.push([])
      characters = 0
    }
    parts.at(-1)?.push(completion)
  }
  for (const [at, kept] of parts.entries()) {
    const part: Part = { completions: kept, orders, rest: at + 1 < parts.length }
    ctx.set(partName(at), part)
  }
}

/** The handler by which another execution asks for them: once the run has ended, if it has ever begun. */
export async function recordedPart(ctx: WorkflowSharedContext, at: number): Promise<Part> {
  if ((await ctx.get(ABOUT)) === null) return { ...NOTHING, rest: false }
  const output = await ctx.promise<Encoded | null>(ENDED_PROMISE).get()
  if (output !== null) return { ...NOTHING, rest: false, output }
  return (await ctx.get<Part>(partName(at))) ?? { ...NOTHING, rest: false }
}

/** @param id of the execution that is repeated */
export async function recordedBy(ctx: WorkflowContext, service: string, id: string): Promise<Recorded> {
  const completions: Completion[] = []
  for (let at = 0; ; at++) {
    const part = await ctx.genericCall<number, Part>({
      service,
      method: RECORDED,
      key: id,
      parameter: at,
      inputSerde: json(),
      outputSerde: json(),
    })
    completions.push(...part.completions)
    if (!part.rest) return { completions, orders: part.orders, output: part.output }
  }
}

export function reusableOf({ completions, orders }: Recorded): Reusable {
  const journal: JournalEntry[] = completions.map((completion, at) => ({ seq: at + 1, completion }))
  const outcomes = outcomesOf(journal, {
    base: orders.at(-1) ?? 0,
    earlier: orders.slice(0, -1),
    dropped: [],
  })
  return new Reusable(outcomes, timesUndone(journal))
}

const partName = (at: number): string => `recorded/${at}`
