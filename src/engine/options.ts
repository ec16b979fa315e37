import { type Check, duration, having, oneOf } from '../core/check.ts'
import { type Duration, milliseconds, show } from '../core/duration.ts'
import type { Clock } from '../core/ports/clock.ts'
import { LOG_LEVELS, type Logger, type LogLevel } from '../core/ports/logger.ts'
import type { Random } from '../core/ports/random.ts'
import type { Store } from '../core/ports/store.ts'
import type { Lease } from './ownership.ts'
import { type Keep, keepCheck } from './retention.ts'

export interface EmbeddedEngineOptions {
  /** Opens the place where runs are kept, when it is first needed. */
  readonly openStore: () => Promise<Store>
  /** Classes whose instances (errors among them) may be stored and come back as instances. */
  readonly classes?: readonly (new (...args: never[]) => object)[]
  /**
   * Where messages of workflows (`ctx.log`) and of the engine go: pino, winston, bunyan, `console`, or anything with these four
   * methods. Default: a line each, to standard error.
   */
  readonly log?: Logger
  /** What is below is dropped. Default: `'info'`; with `log`, nothing is dropped here. */
  readonly logLevel?: LogLevel
  /**
   * How long this engine may be silent before others may take it for dead and execute its runs. An event loop that is
   * blocked, and a process that is stopped, are silent. Default 10 seconds.
   */
  readonly lease?: Duration
  /** How often it says that it is alive. Must be shorter than `lease`. Default: a fifth of `lease`. */
  readonly heartbeat?: Duration
  /** How long a run that only waits, for a time, an event or a child, stays in memory (R7). Default 5 seconds. */
  readonly parkAfter?: Duration
  /** How long a replay may make no progress before the run is parked (D5). Default 5 seconds. */
  readonly patience?: Duration
  /**
   * How long a step's function may run on after its `signal` was aborted, before it is a zombie: logged, and listed by
   * `run.zombies()` and `ai-workflows show`. As long may a cancelled run's own code await something that is not an
   * operation, before the run ends as cancelled without it. Default 5 seconds.
   */
  readonly abortGrace?: Duration
  /**
   * How long ended runs are kept: `'30d'`, or by status, `{ completed: '7d', failed: '90d' }`. Older ones are deleted in the
   * background while the engine is in use, each with the runs that it started. Default: everything is kept.
   */
  readonly keep?: Keep
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock
  /** Ids and seeds, for tests. Default: the machine's randomness. */
  readonly random?: Random
}

const array: Check = (value, what) => {
  if (!Array.isArray(value)) throw new TypeError(`${what}: expected an array of classes, got ${show(value)}`)
}

export const ENGINE_CHECKS: Readonly<Record<Exclude<keyof EmbeddedEngineOptions, 'openStore'>, Check>> = {
  classes: array,
  log: having('debug', 'info', 'warn', 'error'),
  logLevel: oneOf(...LOG_LEVELS),
  lease: duration,
  heartbeat: duration,
  parkAfter: duration,
  patience: duration,
  abortGrace: duration,
  keep: keepCheck,
  clock: having('now', 'steady', 'schedule', 'after', 'every'),
  random: having('uuid'),
}

export interface WorkOptions {
  /** Most runs that are executed here at once; those that only wait do not count. Default 100. */
  readonly concurrency?: number
}

/** @throws {TypeError} a lease that a single late heartbeat would lose */
export function leaseOf({ lease = '10s', heartbeat }: EmbeddedEngineOptions): Lease {
  const duration = milliseconds(lease, 'createEngine() option "lease"')
  const every =
    heartbeat === undefined ? duration / 5 : milliseconds(heartbeat, 'createEngine() option "heartbeat"')
  if (every <= 0 || every >= duration)
    throw new TypeError(
      `createEngine(): a heartbeat must be shorter than the lease that it renews, got a heartbeat of ${show(heartbeat ?? every)} and a lease of ${show(lease)}`,
    )
  return { duration, heartbeat: every }
}
