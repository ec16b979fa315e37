/** A run in memory, and each way in which its record can change: pure, from one frozen record to the next. */
import type { JournalEntry, Note, Park, Reopening, RunRecord, Write } from '../../core/ports/store.ts'

export interface MemoryRun {
  record: RunRecord
  /** Entry `seq` is at `seq - 1`. */
  readonly journal: JournalEntry[]
  /** Since the last fresh `reopen`. */
  readonly notes: Note[]
  /** By id of an inbox item: `seq` of the entry that consumed it. */
  readonly consumed: Map<number, number>
}

type End = Extract<Write, { kind: 'end' }>

const UNENDED = { output: undefined, error: undefined, endedAt: undefined, wakeAt: undefined }

export const changes = {
  claimed: (run: RunRecord, owner: string): RunRecord =>
    Object.freeze({ ...run, ...UNENDED, status: 'running', owner, epoch: run.epoch + 1 }),
  parked: (run: RunRecord, { wakeAt }: Park): RunRecord =>
    Object.freeze({ ...run, status: 'waiting', wakeAt }),
  woken: (run: RunRecord): RunRecord =>
    run.status === 'waiting' ? Object.freeze({ ...run, wakeAt: 0 }) : run,
  owned: (run: RunRecord, owner: string | undefined): RunRecord => Object.freeze({ ...run, owner }),
  released: (run: RunRecord): RunRecord => Object.freeze({ ...run, status: 'pending', owner: undefined }),
  /** @param end of the journal */
  reopened(run: RunRecord, { fresh, dropped = [] }: Reopening, end: number): RunRecord {
    return Object.freeze({
      ...run,
      ...UNENDED,
      status: 'pending',
      base: fresh ? end : run.base,
      earlier: fresh && run.base < end ? [...run.earlier, run.base] : run.earlier,
      dropped: [...run.dropped, ...dropped.map(([from, to]) => [from, to] as const)],
    })
  },
  ended: (run: RunRecord, { status, output, error, at }: End): RunRecord =>
    Object.freeze({ ...run, status, output, error, endedAt: at, owner: undefined }),
} as const
