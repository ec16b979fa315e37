import { drained } from './turn.ts'

/** How `execute` ended, and so the run. */
export type RunOutcome =
  | { readonly status: 'completed'; readonly value: unknown }
  | { readonly status: 'failed' | 'cancelled'; readonly error: unknown }

export type Failed = Extract<RunOutcome, { error: unknown }>

/** What the end of a run asks of the run. */
export interface Endable {
  /** Whether there is, or may turn out to be, something to undo. */
  canCompensate(): boolean
  /** Cancels what `execute` left behind; sections that must not be cancelled go on. */
  leave(): void
  /** Undoes the last thing that is not undone. Never rejects. @returns undefined when nothing is left */
  undoNext(failed: Failed): Promise<void> | undefined
  /** Microtasks are drained: time to conclude. */
  settled(): void
  over(outcome: RunOutcome): void
}

/**
 * From the end of `execute` to the end of the run: open sections are waited for, then a failure is compensated.
 * Invariants:
 * 1. Whether the run is over is decided where microtasks are drained (`conclude`), so a `finally` that the end of a group
 *    sets going has opened its section by then, live and on replay alike.
 * 2. Between the end of `execute` and that decision nothing starts.
 * 3. Everything is driven by completions alone, so it replays.
 */
export class Ending {
  readonly #run: Endable
  #result: RunOutcome | undefined
  #open = 0
  /** Things have changed so often since microtasks were last drained for it. */
  #unsettled = 0
  #stage: 'executing' | 'left' | 'over' = 'executing'

  constructor(run: Endable) {
    this.#run = run
  }

  /** `execute` has ended, and it is open what comes next. */
  get undecided(): boolean {
    return this.#result !== undefined && this.#stage === 'executing'
  }

  /** `execute` has ended, or is in a section that must not be cancelled. */
  get waits(): boolean {
    return this.#result !== undefined || this.#open > 0
  }

  /** `execute` has ended like this. Only the first time counts. */
  returned(outcome: RunOutcome): void {
    this.#result ??= outcome
    this.#settle()
  }

  /** The run does not end before the function that this returns is called. */
  hold(): () => void {
    this.#open++
    return () => {
      this.#open--
      this.#settle()
    }
  }

  /**
   * Microtasks are drained: what can end, ends.
   * @returns whether they have to be drained again, because something was set going
   */
  conclude(): boolean {
    const result = this.#result
    if (result === undefined || this.#stage === 'over') return false
    if (this.#unsettled > 0) return true
    const undoes = result.status !== 'completed' && this.#run.canCompensate()
    if (this.#stage === 'executing' && (this.#open > 0 || undoes)) {
      this.#stage = 'left'
      this.#run.leave()
      this.#settle()
      return true
    }
    if (this.#open > 0) return false
    // Whatever is left behind may still open a section, and what that did is undone next.
    const undoing = result.status === 'completed' ? undefined : this.#run.undoNext(result)
    if (undoing !== undefined) {
      void undoing.then(this.hold())
      return true
    }
    this.#stage = 'over'
    this.#run.over(result)
    return false
  }

  /**
   * What has changed may set microtasks going. They are drained for that alone: who else is waiting for them to be drained
   * may have been waiting before. (And `execute` may end without a delivery: after an `await` of no operation.)
   */
  #settle(): void {
    if (this.#result === undefined) return
    this.#unsettled++
    void drained().then(() => {
      this.#unsettled--
      this.#run.settled()
    })
  }
}
