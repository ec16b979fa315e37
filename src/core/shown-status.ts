/** The status of a run as people see it: one that should be executed, and that no live process executes, is interrupted. */
import type { Owner, RunStatus } from './ports/store.ts'

export const SHOWN_STATUSES = [
  'running',
  'waiting',
  'interrupted',
  'completed',
  'failed',
  'cancelled',
  'blocked',
] as const
export type ShownStatus = (typeof SHOWN_STATUSES)[number]

/** @param owner the live process that executes it */
export function shownStatus(status: RunStatus, owner: Owner | undefined): ShownStatus {
  // One that this version does not know needs a hand, whatever it means.
  if (status !== 'pending' && status !== 'running' && status !== 'waiting')
    return SHOWN_STATUSES.includes(status) ? status : 'blocked'
  if (owner === undefined) return 'interrupted'
  return status === 'waiting' ? 'waiting' : 'running'
}

/** The statuses in the store that may be shown as these. */
export function storedStatuses(shown: readonly ShownStatus[]): RunStatus[] {
  return [
    ...new Set(
      shown.flatMap((one): RunStatus[] =>
        one === 'interrupted'
          ? ['pending', 'running', 'waiting']
          : one === 'running'
            ? ['pending', 'running']
            : [one],
      ),
    ),
  ]
}
