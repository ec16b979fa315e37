import type { Codec } from '../core/codec/codec.ts'
import { CancelledError, RunConflictError } from '../core/errors.ts'
import type { Encoded } from '../core/ports/effects.ts'
import type { Failure } from './messages.ts'

/** What Restate tells of an invocation that failed for good. */
export interface TerminalFailure {
  readonly message: string
  readonly code?: number
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

export interface RunFailure {
  readonly status: Failure['status']
  readonly error: Encoded
  readonly endedAt: number
}

/** Of a run that Restate has cancelled or killed, and of one that there was already. */
const CONFLICT = 409
const IS_THERE = /already invoked/

/**
 * The run's own account of its failure (E2); of one that Restate ended, as good as it can be told.
 * @param id of the run that was called
 */
export function failureIn(failure: TerminalFailure, id: string, codec: Codec): RunFailure {
  const { message, code, metadata = {} } = failure
  const { status, error, endedAt } = metadata as Partial<Failure>
  if (error !== undefined && (status === 'failed' || status === 'cancelled'))
    return { status, error, endedAt: Number(endedAt) }
  if (code !== CONFLICT) return { status: 'failed', error: codec.encodeError(new Error(message)), endedAt: 0 }
  const isThere = IS_THERE.test(message)
  const thrown = isThere
    ? new RunConflictError(id, 'as another run')
    : new CancelledError({ kind: 'run-cancelled', cause: message })
  return { status: isThere ? 'failed' : 'cancelled', error: codec.encodeError(thrown), endedAt: 0 }
}
