import type { JournalEntry, JournalSurvey, RunRecord } from './ports/store.ts'

/** What entries that are at hand have. */
export function surveyOf(entries: readonly JournalEntry[]): JournalSurvey {
  let steps = 0
  let cancelled = false
  for (const { completion } of entries) {
    if (endsStep(completion)) steps++
    cancelled ||= completion.kind === 'cancel-requested'
  }
  return { entries: entries.length, steps, cancelled }
}

/** A step's outcome, and not only an attempt's. */
export function endsStep(completion: JournalEntry['completion']): boolean {
  return (
    completion.kind === 'step-done' || (completion.kind === 'step-failed' && completion.retryAt === undefined)
  )
}

/** It was to be done anew, and stands no more. */
export function isDropped(dropped: RunRecord['dropped'], seq: number): boolean {
  return dropped.some(([from, to]) => from <= seq && seq <= to)
}
