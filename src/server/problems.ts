/** What went wrong, as an answer. */
import { type ErrorCode, StoreError, WorkflowError } from '../core/errors.ts'
import type { ApiError } from './api.ts'

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503

/** The request's own fault, said by the API itself. */
export class Problem extends Error {
  readonly status: ProblemStatus
  readonly code: string

  constructor(status: ProblemStatus, code: string, message: string) {
    super(message)
    this.name = 'Problem'
    this.status = status
    this.code = code
  }
}

const STATUSES: Partial<Record<ErrorCode, ProblemStatus>> = {
  RUN_NOT_FOUND: 404,
  STEP_NOT_FOUND: 404,
  WORKFLOW_NOT_FOUND: 409,
  RUN_CONFLICT: 409,
  RUN_BLOCKED: 409,
  INVALID_INPUT: 400,
  SERIALIZATION: 400,
  ENGINE_STOPPED: 503,
  STORE: 503,
}

/** @returns undefined for an error of ours: the user is told that there was one, and no more */
export function problemOf(thrown: unknown): Problem | undefined {
  if (thrown instanceof Problem) return thrown
  if (thrown instanceof StoreError)
    return new Problem(503, `STORE_${thrown.problem.toUpperCase().replaceAll('-', '_')}`, thrown.message)
  if (thrown instanceof WorkflowError)
    return new Problem(STATUSES[thrown.code] ?? 500, thrown.code, thrown.message)
  return undefined
}

export function errorBody({ code, message }: { readonly code: string; readonly message: string }): ApiError {
  return { error: { code, message } }
}
