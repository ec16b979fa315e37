import type { Codec } from '../core/codec/codec.ts'
import { CancelledError } from '../core/errors.ts'
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

const CANCELLED_BY_RESTATE = 409

/** The run's own account of its failure (E2); of one that Restate ended, as good as it can be told. */
export function failureIn({ message, code, metadata = {} }: TerminalFailure, codec: Codec): RunFailure {
  const { status, error, endedAt } = metadata as Partial<Failure>
  if (error !== undefined && (status === 'failed' || status === 'cancelled'))
    return { status, error, endedAt: Number(endedAt) }
  const cancelled = code === CANCELLED_BY_RESTATE
  const thrown = cancelled ? new CancelledError({ kind: 'run-cancelled' }) : new Error(message)
  return { status: cancelled ? 'cancelled' : 'failed', error: codec.encodeError(thrown), endedAt: 0 }
}
