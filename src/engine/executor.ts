import { EngineStoppedError, StoreError } from '../core/errors.ts'
import type { Claim, InboxItem, NewRun, RunRecord, RunStatus, Store } from '../core/ports/store.ts'
import type { WorkflowCode } from '../core/definition.ts'
import { type ActiveRun, ActiveRuns } from './active-runs.ts'
import { Beginnings } from './beginnings.ts'
import { Creations } from './creations.ts'
import { Endings } from './endings.ts'
import type { Execution } from './execution.ts'
import { giveUp } from './give-up.ts'
import { InboxWatch } from './inbox-watch.ts'
import { Parking } from './parking.ts'
import type { Parts } from './parts.ts'
import { prepare, type StartChildOf } from './prepare.ts'
import { unwatchStrayRejections, watchStrayRejections } from './stray-rejections.ts'
import { WaitingRuns } from './waiting-runs.ts'
import { within } from './within.ts'
import { Worker } from './worker.ts'

/** A run that is being claimed and read. */
interface Taking {
  readonly ended: Promise<ActiveRun | undefined>
  /** What was sent to the run meanwhile, perhaps too late for what was read. */
  readonly arrived: InboxItem[]
}

/** Executes runs in this process, each at most once at a time. */
export class Executor {
  readonly waiting: WaitingRuns
  readonly endings: Endings = new Endings()
  readonly #parts: Parts
  readonly #startChild: StartChildOf
  readonly #active: ActiveRuns
  readonly #taking = new Map<number, Taking>()
  readonly #creations = new Creations()
  /** Runs to be executed here that are not in the store yet. */
  #unborn = 0
  readonly #inbox: InboxWatch
  readonly #parking: Parking
  /** Code of the workflows that were executed here, to execute their waiting runs again. */
  readonly #codes = new Map<string, WorkflowCode>()
  /** Of `work`, `adopt` and `create`. */
  readonly #beginnings = new Beginnings()
  #worker: Worker | undefined
  /** Most runs that are executed at once; those at rest do not count. */
  #concurrency = Number.POSITIVE_INFINITY
  #resting = 0
  #watching = false
  #stopping: EngineStoppedError | undefined

  constructor(parts: Parts, startChild: StartChildOf) {
    const { store, clock, log, ownership } = parts
    this.#parts = parts
    this.#startChild = startChild
    this.#active = new ActiveRuns()
    this.#parking = new Parking(parts, () => this.works)
    this.#inbox = new InboxWatch(store, clock, {
      arrived: (item) => this.arrived(item),
      looked: () => this.#lookAround(),
      failed: (error) => log.warn('Could not look for events sent by other processes', { error }),
    })
    this.waiting = new WaitingRuns({
      store,
      clock,
      owner: ownership.id,
      wake: (record) => this.#wake(record),
      onError: (error) => log.warn('Could not look for runs that are due', { error }),
    })
    ownership.whenLost(() => this.#lost())
    parts.commits.whenFlushed(() => this.#active.changed())
  }

  active(no: number): ActiveRun | undefined {
    return this.#active.get(no)
  }

  /** Whether the run of this id is executed here now. */
  executes(id: string): boolean {
    return this.#active.has(id)
  }

  /** It takes up what nobody executes. */
  get works(): boolean {
    return this.#worker !== undefined
  }

  /** @throws {EngineStoppedError} */
  requireRunning(): void {
    if (this.#stopping !== undefined) throw this.#stopping
  }

  /** Runs of this workflow may be executed here. */
  learn(workflow: WorkflowCode): void {
    if (workflow.name === undefined) return
    this.#codes.set(workflow.name, workflow)
    this.#worker?.learn(workflow)
  }

  /** From now on takes up what nobody executes. */
  async work(workflows: readonly WorkflowCode[], concurrency: number): Promise<void> {
    const { store, clock, ownership, log } = this.#parts
    this.requireRunning()
    this.#concurrency = concurrency
    this.#worker ??= new Worker({
      store,
      clock,
      ownership,
      room: () => this.#room(),
      take: (record, workflow) => this.#takeQuietly(record, workflow),
      onError: (error) => log.warn('Could not look for runs to take up', { error }),
    })
    for (const workflow of [...workflows, ...this.#codes.values()]) this.learn(workflow)
    const worker = this.#worker
    await this.#beginnings.run(async () => {
      await ownership.begin()
      await this.#inbox.start()
    })
    await worker.look()
  }

  /** Looks after the waiting runs of the workflow that nobody has. */
  async adopt(workflow: WorkflowCode): Promise<void> {
    const { store, ownership } = this.#parts
    const { name } = workflow
    if (name === undefined) return
    this.requireRunning()
    this.learn(workflow)
    await this.#beginnings.run(async () => {
      await ownership.begin()
      const numbers = await store.adoptWaiting(name, ownership.id)
      if (numbers.length > 0) await this.#inbox.start()
      this.waiting.adopted(numbers)
    })
    this.#restIfIdle()
  }

  /**
   * Creates the run, or finds the one that has its id. A new one is executed here, if there is room: it is claimed by the
   * write that creates it, so that nobody comes between.
   * @throws {EngineStoppedError}
   */
  async create(run: NewRun, workflow: WorkflowCode): ReturnType<Store['createRun']> {
    this.requireRunning()
    this.learn(workflow)
    if (!this.#hasRoomFor(workflow)) return await this.#parts.store.createRun(run)
    return await this.#beginnings.run(() => this.#creations.one(run.id, () => this.#create(run, workflow)))
  }

  /**
   * Executes the run here, unless that is done already.
   * @returns undefined when a live process elsewhere executes it, or it has changed since it was read
   * @throws {EngineStoppedError}
   */
  async take(record: RunRecord, workflow: WorkflowCode): Promise<ActiveRun | undefined> {
    if (this.#creations.size > 0) await this.#creations.settled(record.id)
    this.requireRunning()
    const active = this.#active.get(record.no)
    if (active !== undefined) return active
    const taking = this.#taking.get(record.no) ?? this.#begin(record, workflow)
    return await taking.ended
  }

  /** The same, if there is room for one more. What is left, a worker takes up later, here or elsewhere. */
  async takeIfRoom(record: RunRecord, workflow: WorkflowCode): Promise<ActiveRun | undefined> {
    this.learn(workflow)
    return this.#hasRoomFor(workflow) ? await this.take(record, workflow) : undefined
  }

  /** Something was sent to a run: told to it at once if it is executed here, and wakes it if it waits here. */
  arrived(item: InboxItem): void {
    const active = this.#active.get(item.run)
    if (active !== undefined) active.execution.arrived(item)
    else this.#taking.get(item.run)?.arrived.push(item)
    if (this.waiting.has(item.run)) this.waiting.look()
  }

  /** Resolves when nothing here can go on by itself: every run has ended, or waits for a time, an event or something outside. */
  async idle(): Promise<void> {
    const { commits } = this.#parts
    const busy = (): boolean =>
      this.#taking.size > 0 ||
      this.#unborn > 0 ||
      commits.flushing ||
      this.waiting.looking ||
      this.#worker?.looking === true
    await this.#active.quiet(busy)
  }

  /**
   * Ends all executions and leaves their runs resumable (R6): nothing new starts, running steps get `grace`
   * milliseconds to end, and are aborted then.
   */
  async stop(grace: number): Promise<void> {
    const error = new EngineStoppedError('The run was interrupted')
    this.#stopping = error
    await this.#beginnings.settled()
    await Promise.all([this.waiting.stop(), this.#worker?.stop()])
    await Promise.allSettled([...this.#taking.values()].map(({ ended }) => ended))
    const runs = [...this.#active]
    await within(this.#parts.clock, grace, Promise.all(runs.map(({ execution }) => execution.suspend())))
    await this.#parts.commits.idle()
    await this.#active.settle() // what was recorded last may be all that a run waited for: a request to cancel it, say
    await this.#parts.commits.idle()
    for (const { execution } of runs) execution.abandon(error)
    await Promise.allSettled(runs.map(({ ended }) => ended))
    await this.#parts.commits.idle()
    this.endings.failAll(error)
    this.#worker = undefined
    this.#restIfIdle()
  }

  #hasRoomFor({ name }: WorkflowCode): boolean {
    return name === undefined || this.#room() > 0
  }

  #room(): number {
    return this.#concurrency - (this.#active.size - this.#resting) - this.#taking.size - this.#unborn
  }

  async #create(run: NewRun, workflow: WorkflowCode): ReturnType<Store['createRun']> {
    const { store, ownership } = this.#parts
    let taking: Taking | undefined
    this.#unborn++
    try {
      // The first run of a process is often there: another one died over it. It comes alive with its claim, then.
      const isFirst = ownership.resting && this.#unborn === 1
      const found = isFirst ? await store.getRun(run.id) : undefined
      if (found !== undefined) return { run: found, created: false }
      const made = await ownership.taking(
        () => store.createRun(run, [], ownership.id),
        ({ created, run: { no, epoch } }) => (created ? { no, epoch } : undefined),
      )
      const claim: Claim = { no: made.run.no, epoch: made.run.epoch }
      if (made.created && this.#stopping !== undefined) await giveUp(this.#parts, claim, this.#stopping)
      this.requireRunning()
      if (made.created) taking = this.#begin(made.run, workflow, claim)
      return made
    } finally {
      this.#unborn--
      this.#restIfIdle()
      await taking?.ended
    }
  }

  /** @param created the claim that came with the run's creation */
  #begin(record: RunRecord, workflow: WorkflowCode, created?: Claim): Taking {
    const { no } = record
    const arrived: InboxItem[] = []
    const ended = this.#claim(record, workflow, arrived, created).finally(() => {
      this.#taking.delete(no)
      this.#restIfIdle()
      this.#active.changed()
    })
    const taking = { ended, arrived }
    this.#taking.set(no, taking)
    return taking
  }

  async #claim(
    record: RunRecord,
    workflow: WorkflowCode,
    arrived: readonly InboxItem[],
    created: Claim | undefined,
  ): Promise<ActiveRun | undefined> {
    this.learn(workflow)
    const claim = created ?? (await this.#parts.ownership.claim(record))
    if (claim === undefined) return undefined
    this.waiting.gone(claim.no)
    let execution: Execution | undefined
    try {
      await this.#inbox.start()
      execution = await prepare(this.#parts, {
        known: record,
        claim,
        workflow,
        isNew: created !== undefined,
        startChild: this.#startChild,
      })
    } catch (error) {
      await giveUp(this.#parts, claim, error)
      throw error
    }
    if (execution === undefined) return undefined
    this.#watch()
    const active = { id: record.id, execution, ended: this.#perform(execution, claim, record) }
    this.#active.set(claim.no, active)
    for (const item of arrived) execution.arrived(item)
    return active
  }

  #perform(execution: Execution, claim: Claim, record: RunRecord): Promise<RunStatus> {
    const ended = this.#toItsEnd(execution, claim, record)
    ended.catch(() => undefined) // whoever asks for the result is told; nobody has to ask
    return ended
  }

  async #toItsEnd(execution: Execution, claim: Claim, { id }: RunRecord): Promise<RunStatus> {
    let failure: { readonly error: unknown } | undefined
    try {
      return await execution.perform()
    } catch (error) {
      failure = { error }
      await giveUp(this.#parts, claim, error)
      throw error
    } finally {
      this.#active.delete(claim.no)
      if (execution.parked !== undefined) this.waiting.parked(claim.no, execution.parked.wakeAt)
      // Another process that took the run over goes on with it: its result is waited for, whoever gets there.
      if (failure === undefined || isFenced(failure.error)) this.endings.tell(id, execution.ended)
      else this.endings.fail(id, failure.error)
      this.waiting.look() // its parent may wait, and there is room for one more
      void this.#worker?.look()
      this.#restIfIdle()
    }
  }

  async #wake(record: RunRecord): Promise<boolean> {
    const workflow = record.workflow === undefined ? undefined : this.#codes.get(record.workflow)
    return workflow !== undefined && this.#room() > 0 && (await this.#takeQuietly(record, workflow))
  }

  /** One run that cannot be taken up does not keep others from it. */
  async #takeQuietly(record: RunRecord, workflow: WorkflowCode): Promise<boolean> {
    try {
      return (await this.take(record, workflow)) !== undefined
    } catch (error) {
      if (!(error instanceof EngineStoppedError))
        this.#parts.log.error(`Run ${record.id} cannot be taken up`, { run: record.id, error })
      return false
    }
  }

  #lookAround(): void {
    this.#resting = this.#parking.look(this.#active.executions())
    this.waiting.look()
    void this.#worker?.look()
  }

  /** This engine was silent for too long: what it executes is somebody else's now, and would be refused. */
  #lost(): void {
    this.#parts.log.warn(
      'This process was silent for longer than its lease, so its runs were given to others: was it stopped, or its event loop blocked?',
    )
    this.waiting.lost()
    this.#parts.zombies.relist()
    const error = new StoreError(
      'fenced',
      'The run was taken from this process, which was silent for too long',
    )
    for (const { execution } of this.#active) execution.abandon(error)
    this.endings.tellAll()
    const adoption = Promise.all([...this.#codes.values()].map((workflow) => this.adopt(workflow)))
    adoption.catch(() => undefined) // the store fails, or the engine stops: others will look after them
  }

  #watch(): void {
    if (this.#watching) return
    this.#watching = true
    watchStrayRejections()
  }

  /** A run that is being taken has its heartbeat and its inbox already. */
  #restIfIdle(): void {
    if (this.#active.size > 0 || this.#taking.size > 0 || this.#unborn > 0) return
    if (this.#watching) unwatchStrayRejections()
    this.#watching = false
    if (this.waiting.size > 0 || this.#worker !== undefined) return
    this.#inbox.stop()
    this.#parts.ownership.rest()
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof StoreError && error.problem === 'fenced'
}
