import { EngineStoppedError } from '../core/errors.ts'
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

export type StartChildOf = (parent: RunRecord, effect: ChildEffect) => ChildRun

/** Executes runs in this process, each at most once at a time. */
export class Executor {
  readonly #parts: Parts
  readonly #startChild: StartChildOf
  readonly #active = new Map<number, ActiveRun>()
  readonly #taking = new Map<number, Promise<ActiveRun | undefined>>()
  readonly #inbox: InboxWatch
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

  /**
   * Executes the run here, unless that is done already.
   * @returns undefined when a live process elsewhere executes it, or it has changed since it was read
   * @throws {EngineStoppedError}
   */
  async take(record: RunRecord, workflow: WorkflowCode): Promise<ActiveRun | undefined> {
    if (this.#stopping !== undefined) throw this.#stopping
    const active = this.#active.get(record.no)
    if (active !== undefined) return active
    const taking = this.#taking.get(record.no) ?? this.#claim(record, workflow).finally(() => this.#taking.delete(record.no))
    this.#taking.set(record.no, taking)
    return await taking
  }

  /** Something was sent to a run: told to it at once if it is executed here. */
  arrived(item: InboxItem): void {
    this.#active.get(item.run)?.execution.arrived(item)
  }

  /**
   * Ends all executions and leaves their runs resumable (R6): nothing new starts, running steps get `grace`
   * milliseconds to end, and are aborted then.
   */
  async stop(grace: number): Promise<void> {
    const error = new EngineStoppedError('The run was interrupted')
    this.#stopping = error
    await Promise.allSettled(this.#taking.values())
    const runs = [...this.#active.values()]
    await this.#within(grace, Promise.all(runs.map(({ execution }) => execution.suspend())))
    await this.#parts.commits.idle()
    for (const { execution } of runs) execution.abandon(error)
    await Promise.allSettled(runs.map(({ ended }) => ended))
    await this.#parts.commits.idle()
  }

  async #claim(record: RunRecord, workflow: WorkflowCode): Promise<ActiveRun | undefined> {
    const { ownership, store } = this.#parts
    const claim = await ownership.claim(record)
    if (claim === undefined) return undefined
    await this.#inbox.start()
    const history = await readHistory(store, record)
    const execution = new Execution({
      ...this.#parts,
      record,
      claim,
      history,
      workflow,
      startChild: (effect) => this.#startChild(record, effect),
    })
    if (this.#active.size === 0) watchStrayRejections()
    const active = { execution, ended: this.#perform(execution, claim) }
    this.#active.set(record.no, active)
    return active
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
      if (this.#active.size === 0) this.#rest()
    }
  }

  /** Gives back a run that goes no further here. */
  async #release(claim: Claim): Promise<void> {
    try {
      await this.#parts.store.release(claim)
    } catch {
      // The store is what failed. The claim runs out by itself.
    }
  }

  #rest(): void {
    unwatchStrayRejections()
    this.#inbox.stop()
    this.#parts.ownership.rest()
  }

  async #within(grace: number, work: Promise<unknown>): Promise<void> {
    if (grace === 0) return // not even a turn of a clock that may stand still
    const { clock } = this.#parts
    let stopTimer: () => void = () => undefined
    const late = new Promise<void>((resolve) => {
      stopTimer = clock.schedule(clock.now() + grace, () => resolve())
    })
    await Promise.race([work, late])
    stopTimer()
  }
}
