/** What a virtual world keeps of a run, each fact with its place in the journal: a crash keeps those up to a point. */
import type { Completion, Key } from '../../core/ports/effects.ts'

/** A fact that was written down when the journal had `position` entries. */
interface Noted {
  readonly position: number
}

export interface VirtualRecord {
  readonly completions: Completion[]
  /** Journal lengths at which a batch ended. */
  readonly batchEnds: number[]
  /** Deadlines of timers. */
  readonly due: (Noted & { readonly key: Key; readonly at: number })[]
  /** Attempts that began. */
  readonly begun: (Noted & { readonly key: Key; readonly attempt: number })[]
  /** Events that were received, by their number in the world's script. */
  readonly received: (Noted & { readonly event: number })[]
}

export function newRecord(): VirtualRecord {
  return { completions: [], batchEnds: [], due: [], begun: [], received: [] }
}

/** What a crash right after entry number `length` leaves behind. */
export function recordUpTo(record: VirtualRecord, length: number): VirtualRecord {
  const kept = ({ position }: Noted): boolean => position <= length
  return {
    completions: record.completions.slice(0, length),
    batchEnds: record.batchEnds.filter((end) => end <= length),
    due: record.due.filter(kept),
    begun: record.begun.filter(kept),
    received: record.received.filter(kept),
  }
}
