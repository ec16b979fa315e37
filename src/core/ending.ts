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
  /** Resolves to what the run ends with when everything is undone. Never rejects. */
  compensate(failed: Failed): Promise<RunOutcome>
  /** Concludes as soon as microtasks are drained. */
  concludeSoon(): void
  over(outcome: RunOutcome): void
}

/**
 * From the end of `execute` to the end of the run: sections that are open are waited for, then a failure is compensated.
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
  #stage: 'executing' | 'left' | 'compensating' | 'over' = 'executing'

  constructor(run: Endable) {
    this.#run = run
  }

  /** `execute` has ended, and it is open what comes next. */
  get undecided(): boolean {
    return this.#result !== undefined && this.#stage === 'executing'
  }

  /** `execute` has ended like this. Only the first time counts. */
  returned(outcome: RunOutcome): void {
    this.#result ??= outcome
    this.#soon()
  }

  /** A section is open, or a compensation under way. */
  get held(): boolean {
    return this.#open > 0
  }

  /** The run does not end before the function that this returns is called. */
  hold(): () => void {
    this.#open++
    return () => {
      this.#open--
      this.#soon()
    }
  }

  /**
   * Microtasks are drained: what can end, ends.
   * @returns whether something was set going, so that they have to be drained again
   */
  conclude(): boolean {
    const result = this.#result
    if (result === undefined || this.#stage === 'over') return false
    if (this.#stage === 'executing' && (this.#open > 0 || this.#hasToUndo(result))) {
      this.#stage = 'left'
      this.#run.leave()
      return true
    }
    if (this.#open > 0) return false
    if (this.#stage === 'left' && this.#hasToUndo(result)) {
      this.#stage = 'compensating'
      const undone = this.hold()
      void this.#run.compensate(result).then((outcome) => {
        this.#result = outcome
        undone()
      })
      return true
    }
    this.#stage = 'over'
    this.#run.over(result)
    return false
  }

  #hasToUndo(result: RunOutcome): result is Failed {
    return result.status !== 'completed' && this.#run.canCompensate()
  }

  /** The run's loop concludes after each delivery. This is for what ends without one: after an `await` of no operation. */
  #soon(): void {
    if (this.#result !== undefined) this.#run.concludeSoon()
  }
}
