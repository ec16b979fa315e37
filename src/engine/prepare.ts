import type { WorkflowCode } from '../core/definition.ts'
import type { ChildEffect } from '../core/ports/effects.ts'
import type { Claim, RunRecord } from '../core/ports/store.ts'
import type { ChildRun } from './children.ts'
import { Execution } from './execution.ts'
import { historyOfNew, readHistory } from './history.ts'
import type { Parts } from './parts.ts'

/** How runs start their children: given by the engine. Never throws. */
export type StartChildOf = (parent: RunRecord, effect: ChildEffect, existing?: 'existing') => ChildRun

interface Claimed {
  /** The run before it was claimed. */
  readonly known: RunRecord
  readonly claim: Claim
  readonly workflow: WorkflowCode
  /** The claim came with the run's creation. */
  readonly isNew: boolean
  readonly startChild: StartChildOf
}

/**
 * Reads a run under its claim, and makes ready to execute it.
 * @returns undefined when the claim is not the run's current one any more
 */
export async function prepare(
  parts: Parts,
  { known, claim, workflow, isNew, startChild }: Claimed,
): Promise<Execution | undefined> {
  const { store } = parts
  const read = isNew
    ? { record: known, history: await historyOfNew(store, known.id, claim) }
    : await readHistory(store, known.id, claim)
  if (read === undefined) return undefined
  const { record, history } = read
  return new Execution({
    ...parts,
    record,
    claim,
    history,
    workflow,
    isNew,
    startChild: (effect, existing) => startChild(record, effect, existing),
  })
}
