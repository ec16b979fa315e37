import { OperationCore, type Work } from './operation.ts'
import type { Key } from './ports/effects.ts'
import type { Scope } from './scope.ts'

/** @param caller frames from this function up are left out of the place that a never awaited operation is reported with (M5) */
export function createOperation(
  scope: Scope,
  key: Key,
  work: Work,
  caller: object,
  subject?: unknown,
): OperationCore {
  const operation = new OperationCore(scope, key, work, subject)
  if (scope.host.wantsPlace()) operation.place = placeOf(caller)
  return operation
}

/** Costs one stack frame, formatted only for a report. */
function placeOf(caller: object): { stack?: string } {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 1
  const place = {}
  Error.captureStackTrace(place, caller as () => void)
  Error.stackTraceLimit = limit
  return place
}
