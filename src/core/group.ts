import { type Branch, type BranchInput, type BranchOwner, FunctionBranch, OperationBranch } from './branch.ts'
import type { BranchSource } from './branch-source.ts'
import { CancelledError, type CancelReason, TimeoutError } from './errors.ts'
import type { Leaf } from './host.ts'
import { derivedKey } from './key.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { OperationCore, type Work } from './operation.ts'
import type { Completion, Effect, GroupShape, Key } from './ports/effects.ts'
import type { GroupCounts } from './ports/observer.ts'
import type { Surrounding } from './ports/surrounding.ts'
import { runInScope, type Scope } from './scope.ts'
import { StopWatch } from './stop-watch.ts'
import { notify } from './user-code.ts'

/** A group's options, checked, durations in milliseconds. */
export interface GroupSettings {
  readonly concurrency: number
  readonly timeout: number | undefined
  readonly stagger: number | undefined
  /** How long to wait for cancelled branches to stop: 0 for not at all, Infinity for as long as it takes. */
  readonly patience: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: GroupCounts) => void) | undefined
}

/** What the group has come to, and why the branches that still run are given up. */
export interface Verdict {
  readonly fulfilled: boolean
  readonly outcome: unknown
  readonly because: CancelReason
}

/** What makes a `parallel`, a `race` or an `any` of a group. Pure: every method is a function of its arguments. */
export interface Policy {
  readonly title: GroupShape['kind']
  /** What is kept of a branch that has settled, in its place among the results. */
  resultOf(branch: Branch): unknown
  /** Called after each branch that settles; undefined goes on. */
  afterBranch(branch: Branch, group: Group): Verdict | undefined
  /** Called when every branch has settled, or there are none. */
  afterAll(group: Group): Verdict
  onTimeout(group: Group, error: TimeoutError): Verdict
}

/**
 * Runs branches under a limit and gives up those that a verdict makes superfluous. Invariants:
 * 1. At most `concurrency` branches are running, and they start in input order (M1).
 * 2. There is one verdict; nothing that a branch does later changes it (E5).
 * 3. Everything follows from the order of deliveries, so the group itself needs no record (D1).
 */
export class Group implements Work, BranchOwner {
  /** A group that settles is a branch of the next around it, and so on: in calls within calls the stack would end. */
  static readonly #settling = new OneAtATime<Group, Branch>((group, branch) => group.#settle(branch))
  readonly key: Key
  readonly scope: Scope
  /** What was kept of the branches that have started, by position: undefined until they settle. */
  readonly results: unknown[] = []
  readonly #source: BranchSource
  readonly #policy: Policy
  readonly #settings: GroupSettings
  startedAt: number | undefined = undefined
  surrounding: Surrounding | undefined = undefined
  readonly #timers = new Set<Leaf>()
  #operation!: OperationCore
  /** Those that run, in no order. */
  readonly #running: Branch[] = []
  /** So many have started. */
  #next = 0
  /** Branches from this one on may not start yet. */
  #allowed = 0
  #completed = 0
  #failed = 0
  #pumping = false
  #state: 'open' | 'stopping' | 'closed' = 'open'
  /** What the group waits for while it is stopping. */
  #stops: StopWatch | undefined
  /** The operation is cancelled already, and this is told instead when the group closes. */
  #onAborted: (() => void) | undefined

  constructor(scope: Scope, key: Key, source: BranchSource, policy: Policy, settings: GroupSettings) {
    this.key = key
    this.scope = scope
    this.#source = source
    this.#policy = policy
    this.#settings = settings
  }

  get title(): string {
    return `${this.#policy.title} ${JSON.stringify(this.key)}`
  }

  /** Of a record. */
  get names(): readonly string[] | undefined {
    return this.#source.names
  }

  /** Branches there are, as far as is known: an iterable may have more. */
  get size(): number {
    return this.#source.size
  }

  get counts(): GroupCounts {
    const running = this.#next - this.#ended
    return { total: this.size, completed: this.#completed, failed: this.#failed, running }
  }

  get grows(): boolean {
    return this.#source.grows
  }

  get shape(): GroupShape {
    const { concurrency } = this.#settings
    return {
      kind: this.#policy.title,
      limit: concurrency === Number.POSITIVE_INFINITY ? undefined : concurrency,
      size: this.size,
      members: this.#source.keys(),
    }
  }

  labelOf(index: number): string | number {
    return this.names?.[index] ?? index
  }

  titleOf(): string {
    return this.title
  }

  begin(operation: OperationCore): void {
    const { timeout, signal } = this.#settings
    this.#operation = operation
    this.#source.want()
    if (this.#isDone) return this.#finish(this.#policy.afterAll(this))
    this.scope.host.groupBegan(this)
    if (timeout !== undefined) this.#after('timeout', timeout, () => this.#timeOut(timeout))
    if (signal === undefined) this.#open()
    else this.#probe(signal)
  }

  abort(_operation: OperationCore, reason: CancelledError, stops: StopWatch | undefined): void {
    if (this.#state === 'closed') return
    const open = this.#state === 'open'
    this.#state = 'closed'
    this.#cancelTimers(reason)
    if (open) this.#release(reason, stops)
    else if (stops !== undefined) this.#stops?.tell(stops)
    this.scope.host.groupEnded(this)
  }

  /** An `await` of the group gets its rejection when the group would have returned: code that cleans up may follow it. */
  abortAndWait(
    operation: OperationCore,
    reason: CancelledError,
    stops: StopWatch | undefined,
    stopped: () => void,
  ): void {
    if (this.#state === 'closed' || this.#settings.patience === 0) {
      stopped()
      this.abort(operation, reason, stops)
      return
    }
    this.#onAborted = stopped
    if (this.#state === 'open') this.#finish({ fulfilled: false, outcome: reason, because: reason }, stops)
    else if (stops !== undefined) this.#stops?.tell(stops)
  }

  /** One that settles as it starts is told at once: the loop that starts branches goes on from there. */
  branchSettled(branch: Branch): void {
    if (this.#pumping) this.#settle(branch)
    else Group.#settling.call(this, branch)
  }

  #settle(branch: Branch): void {
    if (this.#state !== 'open') return
    this.#forget(branch)
    this.results[branch.index] = this.#policy.resultOf(branch)
    if (branch.fulfilled) this.#completed++
    else this.#failed++
    this.#report()
    if (!this.#isOpen()) return // `onProgress` aborted the group
    const verdict = this.#policy.afterBranch(branch, this)
    if (verdict === undefined) {
      if (this.#settings.stagger !== undefined && branch.index === this.#next - 1)
        this.#allowed = this.#next + 1
      this.#pump()
      if (!this.#isOpen()) return // the iterator of branches threw
    }
    this.scope.host.groupChanged(this) // with the next branch in the place that became free
    if (verdict !== undefined) this.#finish(verdict)
    else if (this.#isDone) this.#finish(this.#policy.afterAll(this))
  }

  #open(): void {
    this.#allowed = this.#settings.stagger === undefined ? Number.POSITIVE_INFINITY : 1
    this.#pump()
    if (this.#state !== 'open') return
    this.scope.host.groupChanged(this)
    if (this.#isDone) this.#finish(this.#policy.afterAll(this))
  }

  get #ended(): number {
    return this.#completed + this.#failed
  }

  /** Every branch has settled. */
  get #isDone(): boolean {
    return this.#ended === this.#next && !this.#source.more
  }

  /** Not recursive: a branch that settles as it starts comes back to the loop here. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#state === 'open' && this.#mayStart()) this.#startNext()
    this.#pumping = false
  }

  #startNext(): void {
    const input = this.#take()
    if (input === undefined) return
    const index = this.#next++
    const branch =
      input instanceof OperationCore
        ? new OperationBranch(index, input, this)
        : new FunctionBranch(index, input as () => unknown, this)
    branch.slot = this.#running.push(branch) - 1
    this.results.push(undefined)
    if (this.surrounding === undefined) branch.start()
    else this.surrounding.within(() => branch.start())
    this.#staggerNext()
  }

  /** Without its branches there is no group, so an iterator that throws fails it also where failures are settled. */
  #take(): BranchInput | undefined {
    try {
      return this.#source.take()
    } catch (error) {
      const because: CancelReason = { kind: 'sibling-failed', by: `${this.key}/${this.#next}`, cause: error }
      this.#finish({ fulfilled: false, outcome: error, because })
      return undefined
    }
  }

  #forget(branch: Branch): void {
    const last = this.#running.pop()
    if (last === undefined || last === branch) return
    this.#running[branch.slot] = last
    last.slot = branch.slot
  }

  /** In input order, and those after them that have not started. */
  #release(reason: CancelledError, stops: StopWatch | undefined): void {
    const running = this.#running.splice(0).sort((a, b) => a.index - b.index)
    for (const branch of running) branch.release(reason, stops)
    this.#source.release(reason, stops)
  }

  #mayStart(): boolean {
    const running = this.#next - this.#ended
    return this.#source.more && this.#next < this.#allowed && running < this.#settings.concurrency
  }

  #staggerNext(): void {
    const { stagger } = this.#settings
    const next = this.#next
    if (stagger === undefined || !this.#source.more || this.#state !== 'open') return
    this.#after(`stagger/${next}`, stagger, () => {
      this.#allowed = Math.max(this.#allowed, next + 1)
      const before = this.#next
      this.#pump()
      if (this.#next > before && this.#isOpen()) this.scope.host.groupChanged(this)
    })
  }

  #report(): void {
    const { onProgress } = this.#settings
    if (onProgress === undefined) return
    const warn = (error: unknown): void =>
      this.scope.host.log.warn(`onProgress of ${this.title} threw; the group goes on`, { error })
    runInScope(this.scope, () => notify(() => onProgress(this.counts), warn))
  }

  #timeOut(timeout: number): void {
    if (this.#state === 'open')
      this.#finish(this.#policy.onTimeout(this, new TimeoutError(this.key, timeout)))
  }

  /** Nothing starts under a signal that is aborted already. Whether it is belongs to the journal: after a crash it may not be (D1). */
  #probe(signal: AbortSignal): void {
    this.#effect(
      { kind: 'abort', key: derivedKey(this.key, 'signal'), signal, probe: true },
      (completion) => {
        if (this.#endedBy(completion)) return
        const key = derivedKey(this.key, 'abort')
        this.#effect({ kind: 'abort', key, signal, probe: false }, (later) => void this.#endedBy(later))
        this.#open()
      },
    )
  }

  #endedBy(completion: Completion): boolean {
    if (completion.kind !== 'aborted') return false
    const cause = this.scope.host.codec.decodeError(completion.payload)
    const because: CancelReason = { kind: 'aborted', by: this.key, cause }
    if (this.#state === 'open')
      this.#finish({ fulfilled: false, outcome: new CancelledError(because), because })
    return true
  }

  #after(what: string, duration: number, then: () => void): void {
    this.#effect({ kind: 'timer', key: derivedKey(this.key, what), duration }, then)
  }

  #effect(effect: Effect, then: (completion: Completion) => void): void {
    const leaf: Leaf = {
      key: effect.key,
      deliver: (completion) => {
        this.#timers.delete(leaf)
        then(completion)
      },
    }
    this.#timers.add(leaf)
    this.scope.host.start(leaf, effect)
  }

  #cancelTimers(reason: CancelledError): void {
    for (const leaf of this.#timers) this.scope.host.cancel(leaf, reason)
    this.#timers.clear()
  }

  /** @param others wait for the same */
  #finish(verdict: Verdict, others?: StopWatch): void {
    this.#state = 'stopping'
    if (this.#isDone && this.#timers.size === 0) return this.#close(verdict)
    const { because } = verdict
    const reason = because instanceof CancelledError ? because : new CancelledError(because)
    const { patience } = this.#settings
    this.#cancelTimers(reason)
    if (patience === 0) {
      this.#release(reason, undefined)
      this.#close(verdict)
      return
    }
    const stops = new StopWatch(this.scope.host, () => this.#close(verdict))
    this.#stops = stops
    if (others !== undefined) stops.tell(others)
    this.#release(reason, stops)
    stops.seal()
    if (this.#stillStopping() && patience !== Number.POSITIVE_INFINITY)
      this.#after('grace', patience, () => {
        stops.giveUp(reason)
        this.#close(verdict)
      })
  }

  #isOpen(): boolean {
    return this.#state === 'open'
  }

  #stillStopping(): boolean {
    return this.#state === 'stopping'
  }

  #close(verdict: Verdict): void {
    if (this.#state !== 'stopping') return
    this.#state = 'closed'
    this.scope.host.groupEnded(this)
    if (this.#timers.size > 0) this.#cancelTimers(new CancelledError(verdict.because))
    if (verdict.fulfilled) this.#operation.fulfil(verdict.outcome)
    else this.#operation.reject(verdict.outcome)
    this.#onAborted?.()
  }
}
