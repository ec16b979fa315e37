import { type Branch, type BranchList, type BranchOwner, FunctionBranch, OperationBranch } from './branch.ts'
import { CancelledError, type CancelReason, TimeoutError } from './errors.ts'
import type { Leaf } from './host.ts'
import { derivedKey } from './key.ts'
import { OperationCore, type Work } from './operation.ts'
import type { Completion, Effect, Key } from './ports/effects.ts'
import type { GroupCounts } from './ports/observer.ts'
import type { Scope } from './scope.ts'
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
  readonly title: string
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
  readonly key: Key
  readonly list: BranchList
  readonly #scope: Scope
  readonly #policy: Policy
  readonly #settings: GroupSettings
  readonly #timers = new Set<Leaf>()
  #operation!: OperationCore
  #branches: readonly Branch[] = []
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

  constructor(scope: Scope, key: Key, list: BranchList, policy: Policy, settings: GroupSettings) {
    this.key = key
    this.list = list
    this.#scope = scope
    this.#policy = policy
    this.#settings = settings
    for (const input of list.inputs) if (input instanceof OperationCore) scope.host.adopted(input)
  }

  get title(): string {
    return `${this.#policy.title} ${JSON.stringify(this.key)}`
  }

  get branches(): readonly Branch[] {
    return this.#branches
  }

  begin(operation: OperationCore): void {
    const { timeout, signal } = this.#settings
    this.#operation = operation
    this.#branches = this.list.inputs.map((input, index) => this.#branch(input, index))
    if (this.#branches.length === 0) return this.#finish(this.#policy.afterAll(this))
    if (timeout !== undefined) this.#after('timeout', timeout, () => this.#timeOut(timeout))
    if (signal === undefined) this.#open()
    else this.#probe(signal)
  }

  abort(_operation: OperationCore, reason: CancelledError, stops: StopWatch | undefined): void {
    if (this.#state === 'closed') return
    const open = this.#state === 'open'
    this.#state = 'closed'
    this.#cancelTimers(reason)
    if (open) for (const branch of this.#branches) branch.release(reason, stops)
    else if (stops !== undefined) this.#stops?.tell(stops)
    this.#scope.host.groupEnded(this.key)
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

  branchSettled(branch: Branch): void {
    if (this.#state !== 'open') return
    if (branch.state === 'fulfilled') this.#completed++
    else this.#failed++
    this.#report()
    if (!this.#isOpen()) return // `onProgress` aborted the group
    const verdict =
      this.#policy.afterBranch(branch, this) ??
      (this.#ended === this.#branches.length ? this.#policy.afterAll(this) : undefined)
    if (verdict === undefined) {
      if (this.#settings.stagger !== undefined && branch.index === this.#next - 1)
        this.#allowed = this.#next + 1
      this.#pump()
    }
    this.#scope.host.groupChanged(this.key, this.#counts()) // with the next branch in the place that became free
    if (verdict !== undefined) this.#finish(verdict)
  }

  #open(): void {
    this.#allowed = this.#settings.stagger === undefined ? Number.POSITIVE_INFINITY : 1
    this.#pump()
    if (this.#state === 'open') this.#scope.host.groupChanged(this.key, this.#counts())
  }

  get #ended(): number {
    return this.#completed + this.#failed
  }

  #branch(input: unknown, index: number): Branch {
    if (input instanceof OperationCore) return new OperationBranch(index, input, this)
    const label = this.list.names?.[index] ?? index
    const place = { group: this.key, label, parent: this.#scope }
    return new FunctionBranch(index, input as () => unknown, place, this)
  }

  /** Not recursive: a branch that settles as it starts comes back to the loop here. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#state === 'open' && this.#mayStart()) {
      const branch = this.#branches[this.#next++]
      branch?.start()
      this.#staggerNext()
    }
    this.#pumping = false
  }

  #mayStart(): boolean {
    const running = this.#next - this.#ended
    return (
      this.#next < this.#branches.length && this.#next < this.#allowed && running < this.#settings.concurrency
    )
  }

  #staggerNext(): void {
    const { stagger } = this.#settings
    const next = this.#next
    if (stagger === undefined || next >= this.#branches.length || this.#state !== 'open') return
    this.#after(`stagger/${next}`, stagger, () => {
      this.#allowed = Math.max(this.#allowed, next + 1)
      this.#pump()
    })
  }

  #report(): void {
    const { onProgress } = this.#settings
    if (onProgress === undefined) return
    const warn = (error: unknown): void =>
      this.#scope.host.log.warn(`onProgress of ${this.title} threw; the group goes on`, { error })
    notify(() => onProgress(this.#counts()), warn)
  }

  #counts(): GroupCounts {
    const running = this.#next - this.#ended
    return { total: this.#branches.length, completed: this.#completed, failed: this.#failed, running }
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
    const cause = this.#scope.host.codec.decodeError(completion.payload)
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
    this.#scope.host.start(leaf, effect)
  }

  #cancelTimers(reason: CancelledError): void {
    for (const leaf of this.#timers) this.#scope.host.cancel(leaf, reason)
    this.#timers.clear()
  }

  /** @param others wait for the same */
  #finish(verdict: Verdict, others?: StopWatch): void {
    this.#state = 'stopping'
    if (this.#ended === this.#branches.length && this.#timers.size === 0) return this.#close(verdict)
    const { because } = verdict
    const reason = because instanceof CancelledError ? because : new CancelledError(because)
    const { patience } = this.#settings
    this.#cancelTimers(reason)
    if (patience === 0) {
      for (const branch of this.#branches) branch.release(reason, undefined)
      this.#close(verdict)
      return
    }
    const stops = new StopWatch(this.#scope.host, () => this.#close(verdict))
    this.#stops = stops
    if (others !== undefined) stops.tell(others)
    for (const branch of this.#branches) branch.release(reason, stops)
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
    this.#scope.host.groupEnded(this.key)
    if (this.#timers.size > 0) this.#cancelTimers(new CancelledError(verdict.because))
    if (verdict.fulfilled) this.#operation.fulfil(verdict.outcome)
    else this.#operation.reject(verdict.outcome)
    this.#onAborted?.()
  }
}
