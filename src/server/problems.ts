import { type ErrorCode, messageOf, WorkflowError } from '../core/errors.ts'
import type { ApiError } from './api.ts'

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503

/** A request that cannot be answered, and why. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: ProblemStatus
  readonly code: string

  constructor(status: ProblemStatus, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export function badRequest(message: string): Problem {
  return new Problem(400, 'BAD_REQUEST', message)
}

const BY_CODE: Readonly<Partial<Record<ErrorCode, ProblemStatus>>> = {
  INVALID_INPUT: 400,
  SERIALIZATION: 400,
  RUN_NOT_FOUND: 404,
  STEP_NOT_FOUND: 404,
  RUN_CONFLICT: 409,
  RUN_BLOCKED: 409,
  WORKFLOW_NOT_FOUND: 409,
  STORE: 503,
  ENGINE_STOPPED: 503,
}

/** Of anything that was thrown. What is nobody's mistake is told without its message: it may hold anything. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (thrown instanceof WorkflowError)
    return new Problem(BY_CODE[thrown.code] ?? 500, thrown.code, messageOf(thrown))
  return new Problem(500, 'INTERNAL', 'Something unexpected went wrong; the log of the server says what')
}

export function errorBody({ code, message }: Problem): ApiError {
  return { error: { code, message } }
}

export function problemAnswer(problem: Problem): Response {
  return Response.json(errorBody(problem), { status: problem.status })
}
