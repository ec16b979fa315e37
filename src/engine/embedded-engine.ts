import {
  boolean,
  callable,
  checkOptions,
  duration,
  name as checkName,
  positiveInteger,
} from '../core/check.ts'
import { createCodec, type Codec } from '../core/codec/codec.ts'
import { encodeInput } from '../core/encode-input.ts'
import { consoleLogger } from '../core/console-logger.ts'
import { type Duration, milliseconds, show } from '../core/duration.ts'
import { EngineStoppedError, StoreError } from '../core/errors.ts'
import type { BackupReport, Diagnosis, Maintenance, VacuumReport } from '../core/ports/maintenance.ts'
import type { Engine, RunHandle, StartOptions, Zombie } from '../core/ports/engine.ts'
import type { RunEvent, RunEventKind, RunEventListener } from '../core/ports/observer.ts'
import type { InboxItem, JournalEntry, Note, Owner, Page, RunFilter, RunRecord } from '../core/ports/store.ts'
import type { Telemetry } from '../core/ports/telemetry.ts'
import type { Logger } from '../core/ports/logger.ts'
import { systemClock } from '../core/system-clock.ts'
import { machineRandom } from './machine-random.ts'
import { givenLogger } from '../core/given-logger.ts'
import { atLeast, unfailing } from '../core/log-wrappers.ts'
import { erased, type WorkflowCode } from '../core/definition.ts'
import { GroupCommit } from './group-commit.ts'
import { type ListenOptions, Listeners } from './listeners.ts'
import { type EmbeddedEngineOptions, ENGINE_CHECKS, leaseOf, type WorkOptions } from './options.ts'
import { requireNames, resumeAll } from './take-up.ts'
import { Handle } from './handle.ts'
import { type Lease, Ownership } from './ownership.ts'
import { wholeJournal } from './recorded.ts'
import { journalWithoutValues, type RunPast } from './run-past.ts'
import { type Keep, keepCheck, Retention } from './retention.ts'
import { RunService } from './run-service.ts'
import { ZombieWatch } from './zombie-watch.ts'
import { zombiesOf } from './zombies.ts'

/** All that the journal knows of a run. */
export interface RunDetails {
  readonly record: RunRecord
  readonly journal: readonly JournalEntry[]
  readonly notes: readonly Note[]
  /** Events and cancel requests that the run has not received yet. */
  readonly inbox: readonly InboxItem[]
  /** Steps that ignore their signal (`run.zombies()`). */
  readonly zombies: readonly Zombie[]
}

/** Executes runs in this process over a store. */
export class EmbeddedEngine implements Engine {
  readonly codec: Codec
  readonly #options: EmbeddedEngineOptions
  readonly #lease: Lease
  readonly #listeners = new Listeners()
  #service: Promise<RunService> | undefined
  #retention: Retention | undefined
  #stopping: Promise<void> | undefined

  /** @throws {TypeError} a bad option */
  constructor(options: EmbeddedEngineOptions) {
    checkOptions('createEngine()', options, {
      openStore: callable,
      findTelemetry: callable,
      ...ENGINE_CHECKS,
    })
    this.#lease = leaseOf(options)
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
    const [journal, notes, inbox, zombies] = await Promise.all([
      wholeJournal(store, record.no),
      store.readNotes(record.no),
      store.pendingInbox(record.no),
      zombiesOf(service.parts, record),
    ])
    return { record, journal, notes, inbox, zombies }
  }

  /**
   * What `timelineOf` needs of a run. Unlike `inspect` it keeps no values: what it takes does not depend on how large those are.
   * @param known what this returned of the run before: only what came since is read
   * @throws {RunNotFoundError}
   */
  async past(id: string, known?: RunPast): Promise<RunPast> {
    const service = await this.#open()
    const record = await service.find(id)
    const { store } = service.parts
    // Another run may have got the id since.
    const before = known?.record.no === record.no ? known.journal : []
    const [journal, notes, zombies] = await Promise.all([
      journalWithoutValues(store, record.no, before),
      store.readNotes(record.no),
      zombiesOf(service.parts, record),
    ])
    return { record, journal, notes, zombies }
  }

  /** A part of the run's journal: entries after `after`, at most `limit`, and fewer where they are large. */
  async journal(record: RunRecord, after: number, limit: number): Promise<readonly JournalEntry[]> {
    const { parts } = await this.#open()
    return await parts.store.readJournal(record.no, after, limit)
  }

  /**
   * For those who watch: equal while nothing has changed, in this process or another. Of one run, or of all.
   * @returns undefined where the store cannot tell
   */
  async mark(record?: RunRecord): Promise<string | undefined> {
    const { marks } = (await this.#open()).parts.store
    return record === undefined ? await marks?.all() : await marks?.of(record.no)
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
   * parents, unless those have ended), once. Runs that wait are looked after from now on, and executed when they are due.
   * `work` goes on doing so.
   * @returns handles of those that are executed now
   */
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  async resume(workflows: readonly WorkflowCode<any>[]): Promise<RunHandle[]> {
    const service = await this.#open()
    const taken = await resumeAll(service, workflows.map(erased))
    return taken.map(([record, workflow]) => this.get(workflow, record.id))
  }

  /**
   * Executes runs of these workflows here from now on, until the engine stops: new ones, those that a dead process left
   * behind, and those that waited and are due. Any number of processes may do so over one database; each run is executed by
   * one of them. Workflows that these invoke are worked on too, once they were.
   * Resolves when it has begun.
   * @throws {TypeError} a workflow without a name, two of one name, or a bad option
   * @throws {StoreError}
   */
  async work(
    // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
    workflows: readonly WorkflowCode<any>[],
    options: WorkOptions = {},
  ): Promise<void> {
    checkOptions('work()', options, { concurrency: positiveInteger })
    requireNames(workflows)
    const service = await this.#open()
    await service.executor.work(workflows.map(erased), options.concurrency ?? 100)
  }

  /**
   * Resolves when nothing here can go on by itself: every run has ended, or waits for a time, an event, or a process
   * elsewhere. For tests, between two moves of a virtual clock. Never, while code awaits something that is no operation.
   */
  async idle(): Promise<void> {
    const service = await this.#open()
    await service.executor.idle()
  }

  /**
   * Calls `listener` with what happens here from now on: with events of one kind, `'step.completed'`, or with all, `'*'`.
   * What it throws, or rejects with, is logged the first time, and changes nothing; nothing waits for it.
   * @returns stops it, as `signal` does
   * @throws {TypeError} there are no such events, or a bad option
   */
  on<K extends RunEventKind | '*'>(
    kind: K,
    listener: RunEventListener<K>,
    options?: ListenOptions,
  ): () => void {
    return this.#listeners.add(kind, listener, options)
  }

  /**
   * Deletes runs that ended longer ago than `keep` (default: the engine's own), each with the runs that it started, and gives
   * the space back. A run stays while any run of its family has not ended.
   * @returns how many runs were deleted; with `dryRun`, how many would be
   * @throws {TypeError} nothing says how long to keep them
   */
  async prune(
    keep: Keep | undefined = this.#options.keep,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<number> {
    if (keep === undefined)
      throw new TypeError(`prune(): expected how long to keep ended runs, such as '30d', got ${show(keep)}`)
    keepCheck(keep, 'prune() keep')
    checkOptions('prune()', options, { dryRun: boolean })
    await this.#open()
    return (await this.#retention?.prune(keep, options.dryRun === true)) ?? 0
  }

  /**
   * A copy of the run database as of one moment, while everything goes on. `path` must not exist yet.
   * @throws {StoreError} it cannot be written, or the store has no file
   */
  async backup(path: string): Promise<BackupReport> {
    return await (await this.#maintenance()).backup(path)
  }

  /**
   * Gives free space back to the disk, a little at a time; `full` rewrites the whole file, while everything waits.
   * @throws {StoreError} it cannot be written, or the store has no file
   */
  async vacuum(options: { readonly full?: boolean } = {}): Promise<VacuumReport> {
    return await (await this.#maintenance()).vacuum(options)
  }

  /**
   * Examines the whole run database and changes nothing. SQLite's own part of it reads the file at once, about a second
   * for each gigabyte; `ai-workflows doctor` does it in another process, and also where the store cannot be opened.
   * @throws {StoreError} the store has no file
   */
  async doctor(): Promise<Diagnosis> {
    return await (await this.#maintenance()).doctor()
  }

  async #maintenance(): Promise<Maintenance> {
    const { store } = (await this.#open()).parts
    if (store.maintenance !== undefined) return store.maintenance
    throw new StoreError(
      'unsupported',
      `The store "${store.location}" has no file to look after: it cannot be backed up, vacuumed or examined`,
    )
  }

  /**
   * Stops taking work, lets running steps end within `grace` (default 5 seconds), aborts the rest, and closes the
   * store. Every unfinished run is resumable (R6). Steps that still run then, whatever their signal says, are named in a
   * warning. Resolves when that is done; called again, at the same time.
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
    parts.zombies.end()
    await this.#retention?.end()
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

  /** Runs do not depend on it. */
  async #findTelemetry(log: Logger): Promise<Telemetry | undefined> {
    try {
      return await this.#options.findTelemetry?.()
    } catch (error) {
      log.warn(
        'Runs are not traced: there is an OpenTelemetry SDK in this process, but its API cannot be used from here. Have one copy of @opentelemetry/api among the dependencies of the program (npm ls @opentelemetry/api), or say createEngine({ telemetry: false })',
        { error },
      )
      return undefined
    }
  }

  async #assemble(): Promise<RunService> {
    const {
      openStore,
      clock = systemClock,
      random = machineRandom,
      log: given,
      logLevel = given === undefined ? 'info' : 'debug',
      patience = '5s',
      abortGrace = '5s',
      parkAfter = '5s',
    } = this.#options
    const log = atLeast(logLevel, unfailing(given === undefined ? consoleLogger : givenLogger(given)))
    const store = await openStore()
    const retention = (this.#retention = new Retention(store, clock, log, this.#options.keep))
    retention.look()
    const watched = {
      store,
      clock,
      log,
      codec: this.codec,
      ownership: new Ownership(store, clock, random.uuid(), this.#lease),
      abortGrace: milliseconds(abortGrace, 'abortGrace'),
      observe: (event: RunEvent): void => this.#listeners.tell(event, log),
      observed: (kind: RunEventKind) => this.#listeners.want(kind),
    }
    const commits = new GroupCommit(store, clock)
    commits.whenFlushed(() => retention.look()) // of a long run nothing else may be told for hours
    return new RunService({
      ...watched,
      random,
      commits,
      zombies: new ZombieWatch(watched),
      telemetry: await this.#findTelemetry(log),
      parkAfter: milliseconds(parkAfter, 'parkAfter'),
      patience: milliseconds(patience, 'patience'),
    })
  }
}
