import type { Key, StepDone, StepFailed, StepOutcome } from './ports/effects.ts'

/** An attempt that has ended, as it is told and recorded. */
export function stepCompletion(
  { key, attempt, startedAt }: { readonly key: Key; readonly attempt: number; readonly startedAt: number },
  outcome: StepOutcome,
  at: number,
): StepDone | StepFailed {
  const { payload } = outcome
  // Each written out: there is one of these for every step, and a spread would cost as much as all the rest.
  if (outcome.kind === 'done') return { kind: 'step-done', key, at, attempt, startedAt, payload }
  const { retryAt } = outcome
  return retryAt === undefined
    ? { kind: 'step-failed', key, at, attempt, startedAt, payload }
    : { kind: 'step-failed', key, at, attempt, startedAt, payload, retryAt }
}
