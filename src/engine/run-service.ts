import {
  type CancelledError,
  messageOf,
  RunBlockedError,
  RunConflictError,
  RunNotFoundError,
  StoreError,
  WorkflowNotFoundError,
} from '../core/errors.ts'
import type { ChildEffect, Encoded } from '../core/ports/effects.ts'
import { ENDED, type NewRun, type RunRecord, type RunStatus, type Store } from '../core/ports/store.ts'
import { encodeInput } from '../core/encode-input.ts'
import { sameValue } from '../core/same-value.ts'
import type { WorkflowCode } from '../core/definition.ts'
import { cancelBlocked } from './cancel-blocked.ts'
import type { ChildResult, ChildRun } from './children.ts'
import type { ActiveRun } from './active-runs.ts'
import type { Watch } from './endings.ts'
import { Executor } from './executor.ts'
import type { Parts } from './parts.ts'
import { surveyAfter } from './recorded.ts'
import { childId, createFork, endSuperseded, type Fork, reopenFrom } from './recovery.ts'

/** How often a run that another process executes is looked at, in milliseconds. */
const LOOK = 200

/** Every other status is an end, or none that this version knows. */
const OPEN: ReadonlySet<RunStatus> = new Set<RunStatus>(['pending', 'running', 'waiting'])

/** What can be done with runs, by id; the code of a run's workflow is passed in where it is needed. */
export class RunService {
  readonly parts: Parts
  readonly executor: Executor
  /** Workflows without a name that were mentioned already. */
  readonly #unnamed = new WeakSet<WorkflowCode>()
  /** Of a run that ends, or is done anew: the code of its children is not at hand. */
  readonly #cancelChild = (id: string, reason: Encoded): Promise<void> =>
    this.#askToEnd(id, reason, undefined)

  constructor(parts: Parts) {
    this.parts = parts
    this.executor = new Executor(parts, (parent, effect, existing) =>
      this.#startChild(parent, effect, existing),
    )
  }

  async find(id: string): Promise<RunRecord> {
    const record = await this.parts.store.getRun(id)
    if (record === undefined) throw new RunNotFoundError(id, this.parts.store.location)
    return record
  }

  /** Creates the run, or finds the one that agrees with it (M12), and begins to execute it. */
  async start(
    workflow: WorkflowCode,
    input: Encoded,
    id: string | undefined,
    source: string | undefined,
  ): Promise<RunRecord> {
    if (workflow.name === undefined) this.#mentionUnnamed(workflow)
    const run = this.#newRun(workflow, input, {
      id: id ?? this.parts.random.uuid(),
      parent: undefined,
      source,
    })
    const { run: record, created } = await this.#create(run, workflow)
    if (!created && !ENDED.has(record.status)) await this.executor.takeIfRoom(record, workflow)
    return record
  }

  /** The encoded output of a run, once it has ended; takes the run up if nobody executes it. */
  async result(id: string, workflow: WorkflowCode | undefined): Promise<Encoded> {
    const { codec } = this.parts
    const record = await this.end(id, workflow)
    if (record.output !== undefined) return record.output
    const error = record.error === undefined ? undefined : codec.decodeError(record.error)
    if (record.status === 'blocked') throw new RunBlockedError(id, error)
    throw error
  }

  /**
   * Waits until the run has ended or is blocked. Takes it up if nobody executes it.
   * @param left aborted when nobody wants to know any more: then it rejects
   */
  async end(id: string, workflow: WorkflowCode | undefined, left?: AbortSignal): Promise<RunRecord> {
    for (;;) {
      this.executor.requireRunning()
      left?.throwIfAborted()
      const watch = this.executor.endings.watch(id) // before it is read: nothing is missed
      const leave = (): void => watch.fail(left?.reason)
      left?.addEventListener('abort', leave)
      try {
        const record = this.executor.executes(id) ? await watch.changed : await this.find(id)
        if (record === undefined) continue
        if (ENDED.has(record.status) || record.status === 'blocked') return record
        if (!OPEN.has(record.status)) throw unknownStatus(record, this.parts.store.location)
        const ended = await this.#change(record, workflow, watch)
        if (ended !== undefined) return ended
      } finally {
        left?.removeEventListener('abort', leave)
        watch.cancel()
      }
    }
  }

  /** Waits until the run may have ended, or changed hands. @returns the record of its end, if it is known by then */
  async #change(
    record: RunRecord,
    workflow: WorkflowCode | undefined,
    watch: Watch,
  ): Promise<RunRecord | undefined> {
    const { clock } = this.parts
    const isOurs =
      this.executor.waiting.has(record.no) ||
      this.executor.active(record.no) !== undefined ||
      (await this.#takeUp(record, workflow)) !== undefined
    if (isOurs) return await watch.changed
    const stopLooking = clock.after(LOOK, () => watch.fire())
    return await watch.changed.finally(stopLooking)
  }

  /**
   * Records the request. A run that nobody executes is taken up, so that its code can clean up; a blocked one, whose code
   * cannot be executed, ends here and now.
   */
  async cancel(id: string, reason: Encoded, workflow: WorkflowCode | undefined): Promise<void> {
    await this.#askToEnd(id, reason, workflow)
    if (workflow !== undefined) await this.#takeToEnd(id, workflow)
  }

  async #askToEnd(id: string, reason: Encoded, workflow: WorkflowCode | undefined): Promise<void> {
    const { store, clock } = this.parts
    const record = await this.find(id)
    if (ENDED.has(record.status)) return
    requireCodeOf(record, workflow)
    if (await cancelBlocked(this.parts, record, reason, this.#cancelChild)) return
    this.executor.arrived(
      await store.post({ run: record.no, kind: 'cancel', name: '', payload: reason, at: clock.now() }),
    )
  }

  async #takeToEnd(id: string, workflow: WorkflowCode): Promise<void> {
    const record = await this.find(id)
    if (!ENDED.has(record.status)) await this.executor.take(record, workflow)
  }

  async signal(id: string, name: string, payload: Encoded): Promise<void> {
    const { store, clock } = this.parts
    const record = await this.find(id)
    this.executor.arrived(await store.post({ run: record.no, kind: 'event', name, payload, at: clock.now() }))
  }

  /** Makes an ended or blocked run executable again; what succeeded, before `fromStep` if there is one, is kept. */
  async retry(id: string, workflow: WorkflowCode | undefined, fromStep: string | undefined): Promise<void> {
    const { store, ownership } = this.parts
    const record = await this.find(id)
    if (record.status === 'completed' && fromStep === undefined)
      throw new RunConflictError(
        id,
        'and has completed, so there is nothing to retry',
        'say from which step to do it again, or start another run',
      )
    requireCodeOf(record, workflow)
    const running =
      this.executor.active(record.no) !== undefined ||
      (record.owner !== undefined && (await ownership.isAlive(record.owner)))
    if (running)
      throw new RunConflictError(id, 'and is being executed', 'wait until it has ended, or cancel it')
    if (fromStep !== undefined) {
      await reopenFrom(this.parts, record, fromStep)
      await endSuperseded(this.parts, record, this.#cancelChild)
    } else if (ENDED.has(record.status) || record.status === 'blocked')
      await store.reopen({ no: record.no, epoch: record.epoch, fresh: ENDED.has(record.status) })
    if (workflow !== undefined) await this.executor.take(await this.find(id), workflow)
  }

  /** Starts another run with what this one has recorded. */
  async fork(id: string, workflow: WorkflowCode | undefined, fork: Fork): Promise<RunRecord> {
    const record = await this.find(id)
    requireCodeOf(record, workflow)
    if (workflow === undefined && fork.input !== undefined)
      throw new WorkflowNotFoundError(record.workflow, id)
    const forked = await createFork(this.parts, record, fork)
    if (workflow === undefined) return forked
    await this.executor.takeIfRoom(forked, workflow)
    return forked
  }

  #takeUp(record: RunRecord, workflow: WorkflowCode | undefined): Promise<ActiveRun | undefined> {
    if (workflow === undefined) return this.#watchOnly(record)
    requireCodeOf(record, workflow)
    return this.executor.takeIfRoom(record, workflow)
  }

  /** @throws {WorkflowNotFoundError} nobody executes the run, and this process cannot */
  async #watchOnly(record: RunRecord): Promise<undefined> {
    const { ownership } = this.parts
    const executed = record.owner !== undefined && (await ownership.isAlive(record.owner))
    // What nobody has, a worker may take up: this engine, or another one that is alive.
    const wanted = record.owner === undefined && (this.executor.works || (await ownership.othersLive()))
    if (executed || wanted) return undefined
    const now = await this.find(record.id) // its owner may just have ended it, and itself
    if (now.epoch === record.epoch && now.status === record.status)
      throw new WorkflowNotFoundError(record.workflow, record.id)
    return undefined
  }

  /** Said once for each (M3). */
  #mentionUnnamed(workflow: WorkflowCode): void {
    if (this.#unnamed.has(workflow)) return
    this.#unnamed.add(workflow)
    this.parts.log.warn(
      'Runs of a workflow without a name cannot be resumed by themselves after a restart: give it a `name`',
    )
  }

  #newRun(workflow: WorkflowCode, input: Encoded, rest: Pick<NewRun, 'id' | 'parent' | 'source'>): NewRun {
    const { clock, random } = this.parts
    const seed = random.uuid().replaceAll('-', '')
    return { workflow: workflow.name, input, seed, createdAt: clock.now(), ...rest }
  }

  /** Creates the run and, if there is room, executes it; or finds the one that agrees with it. */
  async #create(run: NewRun, workflow: WorkflowCode): ReturnType<Store['createRun']> {
    const made = await this.executor.create(run, workflow)
    const { run: record, created } = made
    if (created) return made
    if (record.workflow !== run.workflow)
      throw new RunConflictError(run.id, `as a run of workflow ${JSON.stringify(record.workflow)}`)
    if (!sameValue(this.parts.codec, record.input, run.input))
      throw new RunConflictError(run.id, 'with another input')
    if (record.parent?.id !== run.parent?.id || record.parent?.key !== run.parent?.key)
      throw new RunConflictError(
        run.id,
        record.parent === undefined
          ? 'as a run without a parent'
          : `as a child of run ${JSON.stringify(record.parent.id)}`,
      )
    return made
  }

  #startChild(parent: RunRecord, effect: ChildEffect, existing?: 'existing'): ChildRun {
    const id = childId(parent, effect.key, effect.id)
    const workflow = effect.workflow as WorkflowCode
    const problem =
      existing === undefined ? this.#createChild(id, parent, effect) : this.#findChild(id, parent)
    const cancel = async (reason: CancelledError): Promise<void> => {
      if ((await problem) !== undefined) return
      await this.#askToEnd(id, this.parts.codec.encodeError(reason), workflow)
      // It has been told. If it cannot be taken up here and now, it obeys whenever it is.
      this.#takeToEnd(id, workflow).catch(() => undefined)
    }
    const left = new AbortController()
    const result = async (): Promise<ChildResult> => {
      const payload = await problem
      return payload === undefined
        ? await this.#childResult(id, workflow, left.signal)
        : { status: 'failed', id, payload }
    }
    return { id, ended: result(), cancel, leave: () => left.abort() }
  }

  /** @returns the encoded error of a child that there is not */
  async #findChild(id: string, parent: RunRecord): Promise<Encoded | undefined> {
    const { codec, store } = this.parts
    const record = await store.getRun(id)
    return record?.parent?.id === parent.id
      ? undefined
      : codec.encodeError(new RunNotFoundError(id, store.location))
  }

  /** @returns the encoded error of a child that cannot be: a refused input, an id that is taken */
  async #createChild(id: string, parent: RunRecord, effect: ChildEffect): Promise<Encoded | undefined> {
    const { codec } = this.parts
    const workflow = effect.workflow as WorkflowCode
    let input: Encoded
    try {
      const checked = workflow.definition.input !== undefined
      input = checked ? await encodeInput(codec, workflow, codec.decode(effect.input)) : effect.input
    } catch (error) {
      return codec.encodeError(error) // refused by the schema, or the schema itself threw
    }
    let record: RunRecord
    try {
      const rest = { id, parent: { id: parent.id, key: effect.key }, source: parent.source }
      record = (await this.#create(this.#newRun(workflow, input, rest), workflow)).run
    } catch (error) {
      if (isRefusal(error)) return codec.encodeError(error)
      throw error
    }
    if (parent.base > 0) await this.#retryChild(record, workflow)
    return undefined
  }

  /** A retried parent retries its children. One that is still ending, because the parent was cancelled, does that first. */
  async #retryChild(child: RunRecord, workflow: WorkflowCode): Promise<void> {
    const ending = !ENDED.has(child.status) && (await this.#isAskedToEnd(child))
    const { no, epoch, status } = ending ? await this.end(child.id, workflow) : child
    if (status === 'failed' || status === 'cancelled')
      await this.parts.store.reopen({ no, epoch, fresh: true })
  }

  async #isAskedToEnd({ no, base }: RunRecord): Promise<boolean> {
    const { store } = this.parts
    const [inbox, survey] = await Promise.all([store.pendingInbox(no), surveyAfter(store, no, base)])
    return survey.cancelled || inbox.some(({ kind }) => kind === 'cancel')
  }

  async #childResult(id: string, workflow: WorkflowCode, left: AbortSignal): Promise<ChildResult> {
    const { codec } = this.parts
    let record = await this.find(id)
    if (record.status === 'blocked') await this.executor.take(record, workflow)
    record = await this.end(id, workflow, left)
    if (record.status === 'blocked')
      throw new RunBlockedError(id, record.error === undefined ? undefined : codec.decodeError(record.error))
    if (record.output !== undefined) return { status: 'done', id, payload: record.output }
    return {
      status: 'failed',
      id,
      payload: record.error ?? codec.encodeError(new Error(messageOf(record.status))),
    }
  }
}

/** A handle may have been asked for with the code of another workflow, which must not execute the run. */
function requireCodeOf(record: RunRecord, workflow: WorkflowCode | undefined): void {
  if (workflow !== undefined && workflow.name !== record.workflow)
    throw new RunConflictError(
      record.id,
      `as a run of workflow ${JSON.stringify(record.workflow)}, not of ${JSON.stringify(workflow.name)},`,
    )
}

function unknownStatus({ id, status }: RunRecord, location: string): StoreError {
  return new StoreError(
    'corrupt',
    `Run ${JSON.stringify(id)} in ${location} has the status ${JSON.stringify(status)}, which this version does not know: ` +
      'it was changed by something else, or written by a newer version',
  )
}

function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'RUN_CONFLICT' || code === 'SERIALIZATION'
}
