import { CANCEL_KEY, type Encoded } from '../../core/ports/effects.ts'
import { nextTurn } from '../../core/turn.ts'
import { type Director, type Stage, StuckError } from './director.ts'

/** A number from 0 up to and without `count`. */
export type Choose = (count: number) => number

export interface RandomDirectorOptions {
  readonly choose: Choose
  /** Most completions in one batch. Default 3. */
  readonly largestBatch?: number
  /** The reason for cancelling the run, encoded as an error. Asked for when the run can go on in no other way. */
  readonly cancellation: Encoded
  /** Cancel the run when its journal has this length. */
  readonly cancelAt?: number | undefined
}

/**
 * Lets anything happen that may happen, as `choose` decides. A run that can go on in no other way is cancelled; so
 * every run ends.
 */
export class RandomDirector implements Director {
  readonly #options: RandomDirectorOptions

  constructor(options: RandomDirectorOptions) {
    this.#options = options
  }

  async direct(stage: Stage): Promise<void> {
    const { choose, largestBatch = 3 } = this.#options
    const from = stage.journal.length
    const size = Math.max(1, choose(largestBatch + 1))
    await this.#dawdle()
    while (stage.journal.length < from + size) {
      await stage.settle()
      if (!this.#step(stage)) break
    }
    if (stage.journal.length === from) this.#stuck(stage)
  }

  handOver(available: number): number {
    return 1 + this.#options.choose(available)
  }

  /** @returns false when nothing can happen */
  #step(stage: Stage): boolean {
    const { choose, cancelAt } = this.#options
    if (cancelAt !== undefined && stage.journal.length >= cancelAt && !isCancelled(stage)) {
      this.#cancel(stage)
      return true
    }
    const offers = stage.offers()
    if (offers.length === 0) return false
    offers[choose(offers.length)]?.take()
    return true
  }

  #stuck(stage: Stage): void {
    if (isCancelled(stage))
      throw new StuckError(
        `The run is cancelled and still waits for ${stage.activeKeys.join(', ') || 'nothing'}`,
      )
    this.#cancel(stage)
  }

  #cancel(stage: Stage): void {
    const payload = this.#options.cancellation
    stage.commit({ kind: 'cancel-requested', key: CANCEL_KEY, at: stage.clock.now(), payload })
  }

  /** Commits take their time: some microtasks, or turns of the event loop. */
  async #dawdle(): Promise<void> {
    const { choose } = this.#options
    const ticks = choose(6)
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
    if (choose(8) === 1) await nextTurn()
  }
}

function isCancelled(stage: Stage): boolean {
  return stage.journal.some(({ kind }) => kind === 'cancel-requested')
}
