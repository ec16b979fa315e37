import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import type { RunPast } from '../../engine/run-past.ts'
import { timelineOf } from '../../timeline/timeline-of.ts'
import type { Timeline } from '../../timeline/timeline.ts'
import { summaryOf } from '../runs/summary.ts'

/** Looks at one run, once or again and again: each time it reads what came since, and nothing where nothing has. */
export class RunView {
  readonly #engine: EmbeddedEngine
  readonly #id: string
  #past: RunPast | undefined
  #mark: string | undefined

  constructor(engine: EmbeddedEngine, id: string) {
    this.#engine = engine
    this.#id = id
  }

  /** The run as it is at this moment. @throws {RunNotFoundError} */
  async timeline(): Promise<Timeline> {
    const past = await this.#read()
    // Of a process that has died nothing is written: that is asked for each time.
    const { status } = await summaryOf(this.#engine, past.record)
    return timelineOf(past, Date.now(), { interrupted: status === 'interrupted' })
  }

  async #read(): Promise<RunPast> {
    const known = this.#past
    // First the mark: what comes while the rest is read is read again.
    const mark = known && (await this.#engine.mark(known.record))
    if (known !== undefined && mark !== undefined && mark === this.#mark) return known
    this.#mark = mark
    return (this.#past = await this.#engine.past(this.#id, known))
  }
}
