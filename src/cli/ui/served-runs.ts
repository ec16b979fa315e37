import { existsSync, statSync, type Stats } from 'node:fs'
import { messageOf, quote, StoreError } from '../../core/errors.ts'
import { runsFile } from '../../create-engine.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import { type CommandContext, openEngine } from '../context.ts'

/** Of these an open database may not recover by itself: it is opened anew the next time. */
const FINAL: ReadonlySet<string> = new Set(['corrupt', 'not-a-database', 'io', 'missing', 'closed'])

/**
 * The engine over the database as it is now: SQLite goes on reading a file that was deleted or replaced, so the file is looked at
 * before each use, and another engine opened when it is another one.
 */
export class ServedRuns {
  readonly #context: CommandContext
  readonly #path: string
  /** Runs can be started here, so a database that never was is created. Who only reads creates nothing. */
  readonly #executes: boolean
  #engine: EmbeddedEngine | undefined
  #identity: string | undefined
  #wasThere = false
  /** By the engine that is open now. */
  #hasExecuted = false
  readonly #ending = new Set<Promise<void>>()

  constructor(context: CommandContext, executes: boolean) {
    this.#context = context
    this.#path = runsFile(context.dir)
    this.#executes = executes
  }

  /** @throws {StoreError} there is no database, or it is empty */
  readonly current = (): EmbeddedEngine => {
    const stats = this.#look()
    const isNew = stats === undefined && this.#executes && !this.#wasThere
    if (!isNew && (stats === undefined || (!this.#executes && isEmpty(this.#path, stats)))) {
      this.#drop()
      throw this.#nothing(stats)
    }
    this.#wasThere ||= stats !== undefined
    const identity = stats && `${stats.dev}:${stats.ino}`
    if (this.#identity !== undefined && identity !== this.#identity) this.#drop()
    this.#identity = identity
    return (this.#engine ??= this.#open())
  }

  /** Something was thrown: what cannot recover is given up. */
  readonly failed = (error: unknown): void => {
    // One broken record of one run is `corrupt` too: that must not interrupt the runs that are executed here.
    if (!(error instanceof StoreError) || (this.#hasExecuted && error.problem !== 'closed')) return
    if (FINAL.has(error.problem)) this.#drop()
  }

  async end(): Promise<void> {
    await this.#engine?.stop()
    await Promise.all(this.#ending)
  }

  #open(): EmbeddedEngine {
    this.#hasExecuted = false
    const engine = openEngine(this.#context)
    engine.on('*', () => (this.#hasExecuted = true))
    return engine
  }

  #look(): Stats | undefined {
    try {
      return statSync(this.#path, { throwIfNoEntry: false })
    } catch (error) {
      throw new StoreError(
        'io',
        `The run database ${quote(this.#path)} cannot be looked at: ${messageOf(error)}`,
      )
    }
  }

  #nothing(stats: Stats | undefined): StoreError {
    const advice = 'This page shows the runs as soon as there are some'
    if (stats !== undefined)
      return new StoreError(
        'missing',
        `The run database ${quote(this.#path)} is empty: nothing was run there yet. ${advice}`,
      )
    return new StoreError(
      'missing',
      this.#wasThere
        ? `The run database ${quote(this.#path)} is gone: bring it back. ${advice}`
        : `There is no run database ${quote(this.#path)}: run a workflow first, or say with --dir where the runs are. ${advice}`,
    )
  }

  #drop(): void {
    const engine = this.#engine
    this.#engine = this.#identity = undefined
    if (engine === undefined) return
    const ending = engine
      .stop({ grace: 0 })
      .catch((error: unknown) =>
        this.#context.terminal.warn(`A database could not be closed: ${messageOf(error)}`),
      )
      .finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}

/** Its first commit may be in the log still. */
function isEmpty(path: string, { size }: Stats): boolean {
  return size === 0 && !existsSync(`${path}-wal`)
}
