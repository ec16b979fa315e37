import { randomUUID } from 'node:crypto'
import { callable, type Check, checkOptions, duration, having, name as checkName } from '../core/check.ts'
import { createCodec, type Codec } from '../core/codec/codec.ts'
import { consoleLogger, unfailing } from '../core/console-logger.ts'
import { type Duration, milliseconds, show } from '../core/duration.ts'
import { EngineStoppedError, StoreError } from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Engine, RunHandle, StartOptions } from '../core/ports/engine.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Observer } from '../core/ports/observer.ts'
import type { Random } from '../core/ports/random.ts'
import {
  ENDED,
  type InboxItem,
  type JournalEntry,
  type Note,
  type Owner,
  type Page,
  type RunFilter,
  type RunRecord,
  type Store,
} from '../core/ports/store.ts'
import { systemClock } from '../core/system-clock.ts'
import { erased, type WorkflowCode } from '../core/definition.ts'
import { notify } from '../core/user-code.ts'
import { GroupCommit } from './group-commit.ts'
import { Handle } from './handle.ts'
import { Ownership } from './ownership.ts'
import { encodeInput, RunService } from './run-service.ts'

export interface EmbeddedEngineOptions {
  /** Opens the place where runs are kept, when it is first needed. */
  readonly openStore: () => Promise<Store>
  /** Classes whose instances (errors among them) may be stored and come back as instances. */
  readonly classes?: readonly (new (...args: never[]) => object)[]
  /** Where messages go. Default: the console, to standard error. */
  readonly log?: Logger
  /** How long a replay may make no progress before the run is parked (D5). Default 5 seconds. */
  readonly patience?: Duration
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock
  /** Ids and seeds, for tests. Default: the machine's randomness. */
  readonly random?: Random
}

const array: Check = (value, what) => {
  if (!Array.isArray(value)) throw new TypeError(`${what}: expected an array of classes, got ${show(value)}`)
}

export const ENGINE_CHECKS: Readonly<Record<'classes' | 'log' | 'patience' | 'clock' | 'random', Check>> = {
  classes: array,
  log: having('debug', 'info', 'warn', 'error'),
  patience: duration,
  clock: having('now', 'steady', 'schedule', 'after', 'every'),
  random: having('uuid'),
}

/** All that the journal knows of a run. */
export interface RunDetails {
  readonly record: RunRecord
  readonly journal: readonly JournalEntry[]
  readonly notes: readonly Note[]
  /** Events and cancel requests that the run has not received yet. */
  readonly inbox: readonly InboxItem[]
  /** Given-up steps whose functions still run in this process: they ignored their signal. */
  readonly lingering: readonly string[]
}

/** Executes runs in this process over a store. */
export class EmbeddedEngine implements Engine {
  readonly codec: Codec
  readonly #options: EmbeddedEngineOptions
  readonly #observers = new Set<Observer>()
  #service: Promise<RunService> | undefined
  #stopping: Promise<void> | undefined

  /** @throws {TypeError} a bad option */
  constructor(options: EmbeddedEngineOptions) {
    checkOptions('createEngine()', options, { openStore: callable, ...ENGINE_CHECKS })
    this.codec = createCodec(options.classes)
    this.#options = options
  }

  async start<I, O>(
    workflow: WorkflowCode<I, O>,
    input: I,
    options: StartOptions & { readonly source?: string } = {},
  ): Promise<RunHandle<O>> {
    // Before anything is waited for: what the caller does to the input later is not part of the run.
    const encoded = await encodeInput(this.codec, erased(workflow), input)
    const service = await this.#open()
    const { id } = await service.start(erased(workflow), encoded, options.id, options.source)
    return this.get(workflow, id)
  }

  get<I, O>(workflow: WorkflowCode<I, O>, id: string): RunHandle<O> {
    return new Handle<O>(id, this.codec, () => this.#open(), erased(workflow))
  }

  /** The handle of a run whose code is not at hand: it can be looked at, cancelled and sent events, but not taken up. */
  find(id: string): RunHandle {
    checkName(id, 'find() id')
    return new Handle(id, this.codec, () => this.#open(), undefined)
  }

  /** Newest first. */
  async list(filter: RunFilter = {}, page: Page = { limit: 100 }): Promise<readonly RunRecord[]> {
    const { parts } = await this.#open()
    return await parts.store.listRuns(filter, page)
  }

  /** @throws {RunNotFoundError} */
  async inspect(id: string): Promise<RunDetails> {
    const service = await this.#open()
    const record = await service.find(id)
    const { store } = service.parts
    const [journal, notes, inbox] = await Promise.all([
      store.readJournal(record.no, 0),
      store.readNotes(record.no),
      store.pendingInbox(record.no),
    ])
    return {
      record,
      journal,
      notes,
      inbox,
      lingering: service.executor.active(record.no)?.execution.lingering ?? [],
    }
  }

  /** What is recorded of the run itself, without its journal. */
  async lookUp(id: string): Promise<RunRecord | undefined> {
    checkName(id, 'lookUp() id')
    const { parts } = await this.#open()
    return await parts.store.getRun(id)
  }

  /** The live process that executes the run now, if there is one. */
  async executorOf(record: RunRecord): Promise<Owner | undefined> {
    const { parts } = await this.#open()
    return record.owner === undefined ? undefined : await parts.ownership.findAlive(record.owner)
  }

  /**
   * Executes an unfinished or blocked run here.
   * @returns whether it does: not when a live process elsewhere executes the run, or it has ended
   */
  async takeUp(workflow: WorkflowCode, record: RunRecord): Promise<boolean> {
    const service = await this.#open()
    return (await service.executor.take(record, workflow)) !== undefined
  }

  /** Whether a live process executes the run now. */
  async isRunning(record: RunRecord): Promise<boolean> {
    return (await this.executorOf(record)) !== undefined
  }

  /**
   * Takes up every unfinished run of these workflows that no live process executes (children come with their
   * parents, unless those have ended). For the start of a server.
   */
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  async resume(workflows: readonly WorkflowCode<any>[]): Promise<RunHandle[]> {
    const service = await this.#open()
    const byName = new Map(workflows.map((one) => [one.name, erased(one)]))
    const handles: RunHandle[] = []
    let before: number | undefined
    for (;;) {
      const page = before === undefined ? { limit: 200 } : { limit: 200, before }
      const runs = await this.list({ status: ['pending', 'running'] }, page)
      for (const record of runs) {
        if (await hasLivingParent(service, record)) continue
        const known = record.workflow === undefined ? undefined : byName.get(record.workflow)
        if (known !== undefined && (await this.#resumeOne(service, record, known)))
          handles.push(this.get(known, record.id))
      }
      const last = runs.at(-1)
      if (last === undefined || runs.length < 200) return handles
      before = last.no
    }
  }

  /** A run that cannot be read must not keep the others from going on. */
  async #resumeOne(
    { executor, parts }: RunService,
    record: RunRecord,
    workflow: WorkflowCode,
  ): Promise<boolean> {
    try {
      return (await executor.take(record, workflow)) !== undefined
    } catch (error) {
      if (!(error instanceof StoreError && error.problem === 'corrupt')) throw error
      parts.log.error(`Run ${record.id} cannot be resumed`, { error })
      return false
    }
  }

  /** Tells `observer` what happens from now on. @returns stops it */
  observe(observer: Observer): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  /**
   * Stops taking work, lets running steps end within `grace` (default 5 seconds), aborts the rest, and closes the
   * store. Every unfinished run is resumable (R6). Resolves when that is done; called again, at the same time.
   */
  async stop(options: { readonly grace?: Duration } = {}): Promise<void> {
    checkOptions('stop()', options, { grace: duration })
    await (this.#stopping ??= this.#end(milliseconds(options.grace ?? '5s', 'grace')))
  }

  async #end(grace: number): Promise<void> {
    const service = await this.#service?.catch(() => undefined)
    if (service === undefined) return
    const { executor, parts } = service
    await executor.stop(grace)
    try {
      await parts.ownership.end()
    } catch (error) {
      parts.log.warn(
        'Could not record that this engine has ended; others will take it for dead after a while',
        { error },
      )
    }
    await parts.store.close()
  }

  #open(): Promise<RunService> {
    if (this.#stopping !== undefined) return Promise.reject(new EngineStoppedError('This cannot be done'))
    const opening = (this.#service ??= this.#assemble())
    // An engine that could not open its store tries again the next time.
    opening.catch(() => {
      if (this.#service === opening) this.#service = undefined
    })
    return opening
  }

  async #assemble(): Promise<RunService> {
    const {
      openStore,
      clock = systemClock,
      random = { uuid: () => randomUUID() },
      log: given = consoleLogger,
      patience = '5s',
    } = this.#options
    const log = unfailing(given)
    const store = await openStore()
    return new RunService({
      store,
      clock,
      random,
      log,
      codec: this.codec,
      commits: new GroupCommit(store, clock),
      ownership: new Ownership(store, clock, random.uuid()),
      patience: milliseconds(patience, 'patience'),
      observe: (event) => {
        for (const observer of this.#observers) this.#tell(observer, event, log)
      },
    })
  }

  #tell(observer: Observer, event: Parameters<Observer>[0], log: Logger): void {
    notify(
      () => observer(event),
      (error) => log.warn('An observer of the engine threw', { error }),
    )
  }
}

/** A child is taken up by its parent; one whose parent has ended was told to end, and does so by itself. */
async function hasLivingParent({ parts }: RunService, { parent }: RunRecord): Promise<boolean> {
  const record = parent === undefined ? undefined : await parts.store.getRun(parent.id)
  return record !== undefined && !ENDED.has(record.status)
}
