import type { Codec } from '../core/codec/codec.ts'
import type { StepOutcome } from '../core/ports/effects.ts'
import type { TracedAttemptEnd } from '../core/ports/telemetry.ts'

/** What becomes of an attempt, as those who trace it are told. */
export function tracedEnd(outcome: StepOutcome, codec: Codec): TracedAttemptEnd {
  if (outcome.kind === 'done') return { status: 'completed' }
  return { status: 'failed', error: codec.decodeError(outcome.payload), retryAt: outcome.retryAt }
}
