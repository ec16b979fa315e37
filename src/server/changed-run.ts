/** Whether anything of one run has changed, its journal included. */
import type { RunRecord } from '../core/ports/store.ts'
import type { ApiRunChange } from './api.ts'
import type { ServedEngine } from './engine.ts'
import type { EventQueue, ServerEvent } from './event-stream.ts'
import { runMaker } from './runs.ts'
import type { Look, Watch } from './watch.ts'

export class ChangedRun implements EventQueue {
  readonly #id: string
  readonly #end: () => void
  readonly #wake: () => void
  #engine: ServedEngine | undefined
  /** As it was when its mark was taken: while that stays the same, its payloads are not read again. */
  #record: RunRecord | undefined
  #mark: string | undefined
  #seen: string | undefined
  #change: ApiRunChange | undefined

  constructor(watch: Watch, wake: () => void, id: string) {
    this.#id = id
    this.#wake = wake
    // Trouble is told once for the whole stream, by `ChangedRuns`.
    this.#end = watch.add({ look: (look) => this.#look(look), trouble: () => undefined })
  }

  end(): void {
    this.#end()
  }

  next(): ServerEvent | undefined {
    const change = this.#change
    this.#change = undefined
    return change && { event: 'run', data: change }
  }

  async #look({ engine }: Look): Promise<void> {
    const record = await this.#current(engine)
    const mark = this.#mark
    const status = record && (await runMaker(engine)(record)).status
    const seen = `${status ?? 'gone'} ${mark ?? ''}`
    // A store that cannot tell may have something new each time.
    if (seen === this.#seen && (record === undefined || mark !== undefined)) return
    this.#seen = seen
    this.#change = {
      id: this.#id,
      ...(status !== undefined && { status }),
      ...(mark !== undefined && { mark: seen }),
    }
    this.#wake()
  }

  async #current(engine: ServedEngine): Promise<RunRecord | undefined> {
    if (engine !== this.#engine) this.#record = this.#mark = undefined
    this.#engine = engine
    const known = this.#record ?? (await engine.lookUp(this.#id))
    const mark = known && (await engine.mark(known))
    if (mark !== undefined && mark === this.#mark) return known
    // Older than the record: what happens in between shows in the next mark.
    this.#mark = mark
    return (this.#record = known && (await engine.lookUp(this.#id)))
  }
}
