import {
  abortSignal,
  anything,
  boolean,
  callable,
  type Check,
  checkOptions,
  duration,
  either,
  name,
  positiveInteger,
} from './check.ts'
import { type Duration, milliseconds } from './duration.ts'
import type { GroupSettings } from './group.ts'
import type { GroupCounts } from './ports/observer.ts'

/** Options that every kind of group takes. */
export interface GroupOptions {
  /** The group's name in the journal and on the timeline. Default: `parallel`, `race` or `any`. */
  readonly name?: string
  /** Counted from the group's start; the absolute deadline is journaled and survives a crash. */
  readonly timeout?: Duration
  /** Aborts the group from outside: its branches are cancelled and it rejects with a `CancelledError`. */
  readonly signal?: AbortSignal
  /**
   * Whether to return only when cancelled branches have really stopped, for compensation that must not overlap with
   * them: step functions (in this process), function branches, inner groups, and child runs, wherever they are executed.
   * `true` waits as long as it takes, a duration at most that long. Default `false`: return at once. It counts also when
   * the group itself is given up, or its run cancelled: whoever awaits it goes on when it has stopped. A branch that
   * failed by itself is not waited for, and neither is what somebody else still wants.
   */
  readonly waitForCancelled?: boolean | Duration
}

/** Every option of any group; each kind accepts some of them. */
interface AnyOptions extends GroupOptions {
  readonly concurrency?: number
  readonly stagger?: Duration
  readonly onProgress?: (progress: GroupCounts) => void
}

const COMMON = {
  name,
  timeout: duration,
  timeoutValue: anything,
  signal: abortSignal,
  waitForCancelled: either((value) => typeof value === 'boolean', duration),
}

export const PARALLEL_OPTIONS: Readonly<Record<string, Check>> = {
  concurrency: positiveInteger,
  settle: boolean,
  onProgress: callable,
  ...COMMON,
}

export const RACE_OPTIONS: Readonly<Record<string, Check>> = { stagger: duration, ...COMMON }

/** @throws {TypeError} an unknown option, or a bad value (E7) */
export function groupSettings(
  where: string,
  options: AnyOptions | undefined,
  checks: Readonly<Record<string, Check>>,
): GroupSettings {
  checkOptions(where, options, checks)
  if (options !== undefined && 'timeoutValue' in options && options.timeout === undefined)
    throw new TypeError(`${where}: "timeoutValue" says what to return after a "timeout", and there is none`)
  const { timeout, stagger, waitForCancelled = false } = options ?? {}
  return {
    concurrency: options?.concurrency ?? Number.POSITIVE_INFINITY,
    timeout: timeout === undefined ? undefined : milliseconds(timeout, 'timeout'),
    stagger: stagger === undefined ? undefined : milliseconds(stagger, 'stagger'),
    patience:
      typeof waitForCancelled === 'boolean'
        ? waitForCancelled
          ? Number.POSITIVE_INFINITY
          : 0
        : milliseconds(waitForCancelled, 'waitForCancelled'),
    signal: options?.signal,
    onProgress: options?.onProgress,
  }
}
