import { type ErrorCode, messageOf, WorkflowError } from '../core/errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** Ends the command with one line and an exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

export function usageError(message: string, cause?: unknown): CommandError {
  return new CommandError(EXIT.usage, message, cause)
}

const BY_CODE: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  INVALID_INPUT: EXIT.usage,
  SERIALIZATION: EXIT.usage,
  RUN_CONFLICT: EXIT.conflict,
  RUN_NOT_FOUND: EXIT.notFound,
  STEP_NOT_FOUND: EXIT.notFound,
  WORKFLOW_NOT_FOUND: EXIT.notFound,
  RUN_BLOCKED: EXIT.blocked,
  STORE: EXIT.store,
  ENGINE_STOPPED: EXIT.interrupted,
}

export interface Failure {
  readonly exitCode: ExitCode
  /** For people; may have several lines. */
  readonly message: string
  /** For `--json`. */
  readonly code: string
}

/** What to say of an error that ended the command, and how to exit. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError)
    return { exitCode: error.exitCode, message: error.message, code: nameOf(error.exitCode) }
  if (error instanceof WorkflowError)
    return { exitCode: BY_CODE[error.code] ?? EXIT.failed, message: error.message, code: error.code }
  return {
    exitCode: EXIT.internal,
    message: `Unexpected: ${messageOf(error)} (--verbose shows where)`,
    code: 'INTERNAL',
  }
}

/** `notFound` as `NOT_FOUND`, like the codes of the library's errors. */
function nameOf(exitCode: ExitCode): string {
  const name = Object.entries(EXIT).find(([, code]) => code === exitCode)?.[0] ?? 'internal'
  return name.replace(/[A-Z]/g, '_$&').toUpperCase()
}
