import { EngineStoppedError, RunNotFoundError } from '../core/errors.ts'
import type { Claim, InboxItem, RunRecord, RunStatus } from '../core/ports/store.ts'
import type { ChildEffect } from '../core/ports/effects.ts'
import type { WorkflowCode } from '../core/definition.ts'
import type { ChildRun } from './children.ts'
import { Execution } from './execution.ts'
import { readHistory } from './history.ts'
import { InboxWatch } from './inbox-watch.ts'
import type { Parts } from './parts.ts'
import { unwatchStrayRejections, watchStrayRejections } from './stray-rejections.ts'

/** A run that this process executes now. */
export interface ActiveRun {
  readonly execution: Execution
  /** Rejects when the run could go no further here. */
  readonly ended: Promise<RunStatus>
}

export type StartChildOf = (parent: RunRecord, effect: ChildEffect, existing?: 'existing') => ChildRun

/** A run that is being claimed and read. */
interface Taking {
  readonly ended: Promise<ActiveRun | undefined>
  /** What was sent to the run meanwhile, perhaps too late for what was read. */
  readonly arrived: InboxItem[]
}

/** Executes runs in this process, each at most once at a time. */
export class Executor {
  readonly #parts: Parts
  readonly #startChild: StartChildOf
  readonly #active = new Map<number, ActiveRun>()
  readonly #taking = new Map<number, Taking>()
  readonly #inbox: InboxWatch
  #watching = false
  #stopping: EngineStoppedError | undefined

  constructor(parts: Parts, startChild: StartChildOf) {
    this.#parts = parts
    this.#startChild = startChild
    this.#inbox = new InboxWatch(
      parts.store,
      parts.clock,
      (item) => this.arrived(item),
      (error) => parts.log.warn('Could not look for events sent by other processes', { error }),
    )
  }

  active(no: number): ActiveRun | undefined {
    return this.#active.get(no)
  }

  /** @throws {EngineStoppedError} */
  requireRunning(): void {
    if (this.#stopping !== undefined) throw this.#stopping
  }

  /**
   * Executes the run here, unless that is done already.
   * @returns undefined when a live process elsewhere executes it, or it has changed since it was read
   * @throws {EngineStoppedError}
   */
  async take(record: RunRecord, workflow: WorkflowCode): Promise<ActiveRun | undefined> {
    this.requireRunning()
    const active = this.#active.get(record.no)
    if (active !== undefined) return active
    const taking = this.#taking.get(record.no) ?? this.#begin(record, workflow)
    return await taking.ended
  }

  /** Something was sent to a run: told to it at once if it is executed here. */
  arrived(item: InboxItem): void {
    const active = this.#active.get(item.run)
    if (active !== undefined) active.execution.arrived(item)
    else this.#taking.get(item.run)?.arrived.push(item)
  }

  /**
   * Ends all executions and leaves their runs resumable (R6): nothing new starts, running steps get `grace`
   * milliseconds to end, and are aborted then.
   */
  async stop(grace: number): Promise<void> {
    const error = new EngineStoppedError('The run was interrupted')
    this.#stopping = error
    await Promise.allSettled([...this.#taking.values()].map(({ ended }) => ended))
    const runs = [...this.#active.values()]
    await this.#within(grace, Promise.all(runs.map(({ execution }) => execution.suspend())))
    await this.#parts.commits.idle()
    for (const { execution } of runs) execution.abandon(error)
    await Promise.allSettled(runs.map(({ ended }) => ended))
    await this.#parts.commits.idle()
  }

  #begin(record: RunRecord, workflow: WorkflowCode): Taking {
    const { no } = record
    const arrived: InboxItem[] = []
    const ended = this.#claim(record, workflow, arrived).finally(() => {
      this.#taking.delete(no)
      this.#restIfIdle()
    })
    const taking = { ended, arrived }
    this.#taking.set(no, taking)
    return taking
  }

  async #claim(
    record: RunRecord,
    workflow: WorkflowCode,
    arrived: readonly InboxItem[],
  ): Promise<ActiveRun | undefined> {
    const claim = await this.#parts.ownership.claim(record)
    if (claim === undefined) return undefined
    let execution: Execution
    try {
      execution = await this.#prepare(record.id, claim, workflow)
    } catch (error) {
      await this.#release(claim)
      throw error
    }
    this.#watch()
    const active = { execution, ended: this.#perform(execution, claim) }
    this.#active.set(claim.no, active)
    for (const item of arrived) execution.arrived(item)
    return active
  }

  async #prepare(id: string, claim: Claim, workflow: WorkflowCode): Promise<Execution> {
    const { store } = this.#parts
    await this.#inbox.start()
    // Read under the claim: before it, another process may have executed the run, and a retry moved its base.
    const record = await store.getRun(id)
    if (record === undefined) throw new RunNotFoundError(id, store.location)
    const history = await readHistory(store, record)
    return new Execution({
      ...this.#parts,
      record,
      claim,
      history,
      workflow,
      startChild: (effect, existing) => this.#startChild(record, effect, existing),
    })
  }

  #perform(execution: Execution, claim: Claim): Promise<RunStatus> {
    const ended = this.#toItsEnd(execution, claim)
    ended.catch(() => undefined) // whoever asks for the result is told; nobody has to ask
    return ended
  }

  async #toItsEnd(execution: Execution, claim: Claim): Promise<RunStatus> {
    try {
      return await execution.perform()
    } catch (error) {
      await this.#release(claim)
      throw error
    } finally {
      this.#active.delete(claim.no)
      this.#restIfIdle()
    }
  }

  /** Gives back a run that goes no further here. */
  async #release(claim: Claim): Promise<void> {
    try {
      await this.#parts.store.release(claim)
    } catch {
      // The store is what failed. This engine may claim the run again; others may when this one rests or ends.
    }
  }

  #watch(): void {
    if (this.#watching) return
    this.#watching = true
    watchStrayRejections()
  }

  /** A run that is being taken has its heartbeat and its inbox already. */
  #restIfIdle(): void {
    if (this.#active.size > 0 || this.#taking.size > 0) return
    if (this.#watching) unwatchStrayRejections()
    this.#watching = false
    this.#inbox.stop()
    this.#parts.ownership.rest()
  }

  async #within(grace: number, work: Promise<unknown>): Promise<void> {
    if (grace === 0) return // not even a turn of a clock that may stand still
    const { clock } = this.#parts
    let stopTimer: () => void = () => undefined
    const late = new Promise<void>((resolve) => {
      stopTimer = clock.after(grace, () => resolve())
    })
    await Promise.race([work, late])
    stopTimer()
  }
}
