import { join, resolve } from 'node:path'
import { type Check, checkOptions, having, name as checkName, oneOf } from './core/check.ts'
import { show } from './core/duration.ts'
import { EmbeddedEngine } from './engine/embedded-engine.ts'
import { type EmbeddedEngineOptions, ENGINE_CHECKS } from './engine/options.ts'
import { sqliteStore } from './store/sqlite/index.ts'
import type { Store } from './core/ports/store.ts'
import type { Telemetry } from './core/ports/telemetry.ts'
import { registeredTelemetry } from './telemetry/registered.ts'

export interface EngineOptions extends Omit<EmbeddedEngineOptions, 'openStore' | 'findTelemetry'> {
  /**
   * Directory of the SQLite file. Default: the environment variable `AI_WORKFLOWS_DIR`, else `.ai-workflows` in the
   * working directory.
   */
  readonly dir?: string
  /**
   * What a commit survives: `'full'` (default) a power failure, `'process-crash'` the end of the process, however
   * sudden, but not of the machine.
   */
  readonly durability?: 'full' | 'process-crash'
  /** Another place to keep runs, such as `memoryStore()`. Excludes `dir` and `durability`. */
  readonly store?: Store
  /**
   * Who traces and measures runs: `openTelemetry()` of `ai-workflows/opentelemetry`, or `false` for nobody. Default: the
   * OpenTelemetry SDK, if this process has one registered when the engine is first used.
   */
  readonly telemetry?: Telemetry | false
}

/** Directory of the runs, as the options and the environment say. */
export function runsDirectory(dir?: string): string {
  return resolve(dir ?? (process.env['AI_WORKFLOWS_DIR'] || '.ai-workflows'))
}

const checkTelemetry: Check = (value, what) => {
  const { runBegins } = (value ?? {}) as Partial<Telemetry>
  if (value !== false && typeof runBegins !== 'function')
    throw new TypeError(
      `${what}: expected openTelemetry() of "ai-workflows/opentelemetry", or false, got ${show(value)}`,
    )
}

const CHECKS = {
  dir: checkName,
  durability: oneOf('full', 'process-crash'),
  store: having('createRun', 'commit', 'close'),
  telemetry: checkTelemetry,
  ...ENGINE_CHECKS,
}

/**
 * An embedded engine: executes runs in this process and keeps them in a SQLite file. Opens nothing until it is used.
 * @throws {TypeError} a bad option
 */
export function createEngine(options: EngineOptions = {}): EmbeddedEngine {
  checkOptions('createEngine()', options, CHECKS)
  const { dir, durability, store, telemetry, ...rest } = options
  if (store !== undefined && (dir !== undefined || durability !== undefined))
    throw new TypeError(
      'createEngine(): "store" excludes "dir" and "durability", which describe the SQLite store',
    )
  const openStore = async (): Promise<Store> =>
    store ??
    (await sqliteStore({ dir: runsDirectory(dir), ...(durability === undefined ? {} : { durability }) }))
  const findTelemetry = async (): Promise<Telemetry | undefined> =>
    telemetry === undefined ? await registeredTelemetry() : telemetry || undefined
  return new EmbeddedEngine({ ...rest, openStore, findTelemetry })
}

/** The SQLite file in a directory of runs. */
export function runsFile(dir?: string): string {
  return join(runsDirectory(dir), 'runs.db')
}
