import { StoreError, WorkflowError } from '../core/errors.ts'
import type { Claim } from '../core/ports/store.ts'
import type { Parts } from './parts.ts'

/** A run goes no further here: it is given back. One that cannot be read is parked, so that workers do not try it again and again. */
export async function giveUp(parts: Parts, claim: Claim, error: unknown): Promise<void> {
  if (isUnreadable(error) && (await block(parts, claim, error))) return
  try {
    await parts.store.release(claim)
  } catch {
    // The store is what failed. This engine may claim the run again; others may when this one rests or ends.
  }
}

/** @returns whether that is recorded */
async function block({ store, clock, codec }: Parts, claim: Claim, error: unknown): Promise<boolean> {
  try {
    await store.commit([
      { kind: 'end', claim, at: clock.now(), status: 'blocked', error: codec.encodeError(error) },
    ])
    return true
  } catch {
    return false // the whole store is damaged, perhaps
  }
}

/** Its rows are damaged, or hold what nobody here can have written. */
function isUnreadable(error: unknown): boolean {
  return error instanceof StoreError ? error.problem === 'corrupt' : !(error instanceof WorkflowError)
}
