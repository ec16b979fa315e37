import { CancelledError, isInstance } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import { ambientRunLog } from '../core/scope.ts'

/*
 * A rejection that nobody handled, in the code of a run, belongs to that run (E6): it is logged there, and does not end
 * the process with every other run in it. Async context tells whose it is. All other rejections keep Node's
 * default: without another listener they end the process.
 */

let watchers = 0

/** Counts: every call wants one `unwatchStrayRejections`. */
export function watchStrayRejections(): void {
  if (watchers++ === 0) process.on('unhandledRejection', onStray)
}

export function unwatchStrayRejections(): void {
  if (--watchers === 0) process.off('unhandledRejection', onStray)
}

function onStray(reason: unknown): void {
  const log = ambientRunLog()
  if (log !== undefined) report(log, reason)
  else if (process.listenerCount('unhandledRejection') === 1) throw reason
}

/** A cancellation that nobody waited for is no news: the code that floated it was cancelled too. */
function report(log: Logger, reason: unknown): void {
  const level = isInstance(reason, CancelledError) ? 'debug' : 'error'
  log[level]('A promise was rejected and nothing handled it', { error: reason })
}
