import type { Clock } from '../core/ports/clock.ts'
import type { Run } from '../core/run.ts'

export interface StuckCodeOptions {
  readonly run: Run
  readonly clock: Clock
  /** Milliseconds that the code may take. */
  readonly grace: number
  /** The code is given up, `ago` milliseconds after it was first seen to wait for nothing. */
  readonly givenUp: (ago: number) => void
}

/** The least number of looks: when the event loop was blocked, time has passed in which the code could do nothing. */
const LOOKS = 4

/**
 * Watches the code of a run that was cancelled. Its awaits have been rejected, so it ends or, to clean up, awaits more
 * operations. When it does neither for the grace period it awaits something that no cancellation reaches, perhaps for
 * ever. Nothing that it does then could be recorded but a clean-up that begins later; so the run ends as cancelled. That
 * is decided once, here, and recorded as the run's end: no replay has to come to it again.
 */
export class StuckCode {
  readonly #options: StuckCodeOptions
  #stop: (() => void) | undefined
  /** What it looked like at the last look, and since when. */
  #last: { readonly started: number; readonly since: number; looks: number } | undefined

  constructor(options: StuckCodeOptions) {
    this.#options = options
  }

  /** A request to cancel the run is there. */
  begin(): void {
    const { clock, grace } = this.#options
    this.#stop ??= clock.every(Math.min(Math.max(grace / LOOKS, 20), 1000), () => this.#look())
  }

  end(): void {
    this.#stop?.()
  }

  #look(): void {
    const { run, clock, grace, givenUp } = this.#options
    const started = run.startedBeforeItStuck
    const last = this.#last
    if (started === undefined || last?.started !== started) {
      this.#last = started === undefined ? undefined : { started, since: clock.steady(), looks: 0 }
      return
    }
    const ago = clock.steady() - last.since
    if (++last.looks < LOOKS || ago < grace) return
    this.end()
    run.endWithoutItsCode()
    givenUp(ago)
  }
}
