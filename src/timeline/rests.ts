/** When nobody executed the run, as far as that can be told. */
import type { JournalEntry } from '../core/ports/store.ts'
import type { Rest } from './critical-path.ts'
import type { Frame } from './frame.ts'
import { beginningOf, type RunHistory } from './source.ts'
import { withOrders } from './standing.ts'

/**
 * Between the last that one order of a retried run recorded and the first that happened in the next; and since the last that is
 * known of a run that waits, is blocked, or was left behind.
 * @param journal in order
 */
export function restsOf(source: RunHistory, journal: readonly JournalEntry[], frame: Frame): Rest[] {
  const { record, notes } = source
  const rests: Rest[] = []
  let current = 0
  let ended = frame.from
  let latest = frame.from
  let resumed: number | undefined
  const close = (): void => {
    if (current > 0 && resumed !== undefined && resumed > ended) rests.push([ended, resumed])
    ended = latest
    resumed = undefined
  }
  for (const { order, completion } of withOrders(journal, record)) {
    if (order !== current) {
      close()
      current = order
    }
    const begun = frame.placed(beginningOf(completion))
    // What an earlier order had is recorded anew, with its own times.
    if (begun >= ended) resumed = Math.min(begun, resumed ?? begun)
    latest = Math.max(latest, frame.placed(completion.at))
  }
  if (record.base > 0 && (journal.at(-1)?.seq ?? 0) <= record.base) {
    close()
    current++
  }
  if (current > 0) {
    for (const { at } of notes)
      if (frame.placed(at) >= ended) resumed = Math.min(frame.placed(at), resumed ?? at)
    resumed ??= frame.at
  }
  close()
  if (frame.quietSince !== undefined && frame.quietSince < frame.at) rests.push([frame.quietSince, frame.at])
  return disjoint(rests)
}

function disjoint(rests: readonly Rest[]): Rest[] {
  const found: Rest[] = []
  for (const [from, until] of rests.toSorted((a, b) => a[0] - b[0])) {
    const last = found.at(-1)
    if (last !== undefined && from <= last[1]) found[found.length - 1] = [last[0], Math.max(last[1], until)]
    else found.push([from, until])
  }
  return found
}
