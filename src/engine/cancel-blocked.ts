import { CancelledError, quote } from '../core/errors.ts'
import type { Encoded } from '../core/ports/effects.ts'
import type { RunRecord, Write } from '../core/ports/store.ts'
import { openChildren } from './each-run.ts'
import { Announcer } from './announcer.ts'
import type { Parts } from './parts.ts'

/**
 * Ends a blocked run as cancelled, without executing its code, which does not fit its journal: nothing of it could be
 * awaited, and so nothing cleans up. Claimed first, so that nobody executes it meanwhile; then its children are asked
 * to end, in a way that survives a crash; then it ends. A crash in between leaves it to be taken up, as it was before.
 *
 * @param reason what the caller of `cancel` said, encoded as an error
 * @param cancelRun cancels another run
 * @returns false when it is not blocked any more, or somebody executes it now
 */
export async function cancelBlocked(
  parts: Parts,
  run: RunRecord,
  reason: Encoded,
  cancelRun: (id: string, reason: Encoded) => Promise<void>,
): Promise<boolean> {
  const { store, codec, clock, ownership, log } = parts
  if (run.status !== 'blocked') return false
  // Nothing is executed under this claim, so one sign of life will do: others take it over when no other follows.
  await ownership.beat()
  const claim = await store.claim({ no: run.no, epoch: run.epoch, owner: ownership.id })
  if (claim === undefined) return false
  const cause = codec.decodeError(reason)
  const because = new CancelledError({ kind: 'run-cancelled', ...(cause === undefined ? {} : { cause }) })
  const error = codec.encodeError(because)
  const at = clock.now()
  const end: Write = { kind: 'end', claim, at, status: 'cancelled', error }
  let fenced: ReadonlySet<Write>
  try {
    for await (const child of openChildren(store, run.id)) await cancelRun(child.id, error)
    ;({ fenced } = await store.commit([end]))
  } catch (problem) {
    await store.release(claim).catch(() => undefined) // the store is what failed
    throw problem
  }
  if (fenced.size > 0) return false
  log.warn(
    `Run ${quote(run.id)} was blocked and is cancelled without its code, so nothing of it cleaned up`,
    {
      run: run.id,
    },
  )
  new Announcer({ ...parts, record: run }).runEnded({ status: 'cancelled', error }, at)
  return true
}
