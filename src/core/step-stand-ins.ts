/** Tests let something else stand in for the functions of steps. One for the process, since steps are found everywhere. */
import type { Key } from './ports/effects.ts'
import type { StepContext, StepFunction } from './step-function.ts'

/** A step whose function is about to be called. */
export interface CalledStep {
  /** Undefined outside of a workflow. */
  readonly runId: string | undefined
  readonly key: Key
  readonly name: string
  /** Milliseconds for each attempt. */
  readonly timeout: number | undefined
}

/** @param own calls what would be called otherwise: the next older stand-in, in the end the step's own function */
export type StandIn = (step: CalledStep, context: StepContext, own: () => unknown) => unknown

/** Oldest first; undefined while there are none, which is all that a step pays for it. */
let standIns: readonly StandIn[] | undefined

/** The newest is asked first. @returns takes it away again, whichever came after it */
export function standInForSteps(standIn: StandIn): () => void {
  const mine: StandIn = (step, context, own) => standIn(step, context, own)
  standIns = [...(standIns ?? []), mine]
  return () => {
    const left = standIns?.filter((one) => one !== mine) ?? []
    standIns = left.length === 0 ? undefined : left
  }
}

export function callStep(step: CalledStep, context: StepContext, fn: StepFunction<unknown>): unknown {
  if (standIns === undefined) return fn(context)
  const all = standIns
  const from = (index: number): unknown => {
    const standIn = all[index]
    return standIn === undefined ? fn(context) : standIn(step, context, () => from(index - 1))
  }
  return from(all.length - 1)
}
