/** When a failed attempt is tried again: a pure function of the policy, the attempt and the time. */
import {
  callable,
  checkOptions,
  either,
  numberFrom,
  oneOf,
  positiveInteger,
  duration,
  boolean,
} from './check.ts'
import { type Duration, milliseconds } from './duration.ts'
import { answer } from './user-code.ts'

export interface RetryOptions {
  /** How often the function may be called in all, the first time included. Default 3 where `retry` is given, else 1. */
  readonly maxAttempts?: number
  /** How the delay grows; or a function that gives it, in milliseconds, after the failed `attempt` (from 1). Default `'exponential'`. */
  readonly backoff?: 'exponential' | 'linear' | 'fixed' | ((attempt: number) => number)
  /** The delay after the first failure. Default 1 second. */
  readonly initialDelay?: Duration
  /** No delay is longer, jitter included. Default 1 minute. */
  readonly maxDelay?: Duration
  /** Exponential growth: each delay is this many times the one before. Default 2. */
  readonly factor?: number
  /**
   * Spreads the delays of steps that failed together, so that they do not come back together: `true` (the default)
   * takes a part between a half and the whole of each delay. Drawn from the run's seed, the key and the attempt.
   */
  readonly jitter?: boolean
  /** Called with the error and the attempt that threw it; `false` gives up at once. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean
}

const CHECKS = {
  maxAttempts: positiveInteger,
  backoff: either((value) => typeof value === 'function', oneOf('exponential', 'linear', 'fixed')),
  initialDelay: duration,
  maxDelay: duration,
  factor: numberFrom(1),
  jitter: boolean,
  retryIf: callable,
}

export function checkRetry(value: unknown, what: string): void {
  checkOptions(what, value, CHECKS)
}

/**
 * Milliseconds to wait before the next attempt, or undefined to give up.
 * @param attempt the one that failed, from 1
 * @param chance a number in [0, 1) that is the same whenever this attempt is looked at
 * @throws whatever the user's `retryIf` or `backoff` throws, and TypeError for a delay that is no number
 */
export function retryDelay(
  policy: RetryOptions | undefined,
  attempt: number,
  error: unknown,
  chance: number,
): number | undefined {
  if (policy === undefined || attempt >= (policy.maxAttempts ?? 3)) return undefined
  if (policy.retryIf !== undefined && !answer(policy.retryIf(error, attempt), 'retryIf()')) return undefined
  const longest = milliseconds(policy.maxDelay ?? '1m', 'maxDelay')
  const delay = Math.min(longest, delayAfter(policy, attempt))
  return Math.round((policy.jitter ?? true) ? delay * (0.5 + chance / 2) : delay)
}

function delayAfter(policy: RetryOptions, attempt: number): number {
  const { backoff = 'exponential', factor = 2 } = policy
  if (typeof backoff === 'function')
    return milliseconds(answer(backoff(attempt), 'backoff()'), 'the delay that backoff() returned')
  const initial = milliseconds(policy.initialDelay ?? '1s', 'initialDelay')
  if (backoff === 'fixed') return initial
  return backoff === 'linear' ? initial * attempt : initial * factor ** (attempt - 1)
}
