import { NonDeterminismError } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'

/** Restate's own: the code asks for something else than it did when the journal was written. */
const JOURNAL_MISMATCH = 570

export interface Pausing {
  readonly log: Logger
  /** Absent where Restate's admin address is not known: then it goes on trying, less and less often, and pauses at last. */
  readonly pause: ((invocation: string) => Promise<void>) | undefined
}

/**
 * A run whose code has changed under it waits for somebody to correct that (D5), instead of being tried again and again. The
 * SDK can ask for it (`onJournalMismatchErrors`), but servers up to 1.7 do not listen.
 */
export async function pausedWhereChanged(
  attempt: () => Promise<void>,
  invocation: string,
  { log, pause }: Pausing,
): Promise<void> {
  try {
    await attempt()
  } catch (error) {
    if (isMismatch(error)) await park(invocation, { log, pause })
    throw error
  }
}

function isMismatch(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code === JOURNAL_MISMATCH
}

async function park(invocation: string, { log, pause }: Pausing): Promise<void> {
  try {
    await pause?.(invocation)
  } catch (error) {
    log.warn('Restate could not be asked to pause a run whose code has changed', { invocation, error })
  }
}

/** Why a run is paused, as Restate tells it. */
export interface PausedBecause {
  readonly error_code?: number
  readonly error_message?: string
}

/** The same as an error of ours. */
export function causeOf(run: string, { error_code: code, error_message: message }: PausedBecause): Error {
  if (code !== JOURNAL_MISMATCH || message === undefined)
    return new Error(message ?? 'Somebody has paused it')
  const [, recorded = '(see below)', asked] = /name: (.*) != (.*)/.exec(message) ?? []
  return new NonDeterminismError(
    run,
    recorded,
    asked === undefined ? [] : [asked],
    `It asks for ${asked === undefined ? 'something else' : JSON.stringify(asked)} there: either the code has changed since, or \`execute\` awaits something that is not an operation. Restate says: ${message.replaceAll(/\s+/g, ' ')}`,
  )
}
