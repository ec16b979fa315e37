import { NonDeterminismError, quote } from '../core/errors.ts'
import type { Key } from '../core/ports/effects.ts'
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
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return error instanceof NonDeterminismError || code === JOURNAL_MISMATCH
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

/** The same as an error of ours: Restate keeps its message alone. */
export function causeOf(
  run: string,
  { error_code: code, error_message: message = '' }: PausedBecause,
): Error {
  const [, recorded, asked] = (code === JOURNAL_MISMATCH ? THEIRS : OURS).exec(message) ?? []
  if (code !== JOURNAL_MISMATCH && recorded === undefined)
    return new Error(message === '' ? 'Somebody has paused it' : message)
  const keys = asked === undefined ? [] : [asked]
  const said = code === JOURNAL_MISMATCH ? ` Restate says: ${message.replaceAll(/\s+/g, ' ')}` : ''
  return new NonDeterminismError(run, recorded ?? '(see below)', keys, `${asksInstead(keys)}${said}`)
}

const THEIRS = /name: (.*) != (.*)/
const OURS =
  /has a completion of "(.*?)" that the code never asked for\. It asks for (?:"(.*?)"|something else)/

/** What the code asks for where it is. */
export function asksInstead([key]: readonly Key[]): string {
  return `It asks for ${key === undefined ? 'something else' : quote(key)} there: either the code has changed since, or \`execute\` awaits something that is not an operation.`
}
