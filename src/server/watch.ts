/** Notices that something has changed, whoever changed it. Looks only while somebody wants to know. */
import type { Clock } from '../core/ports/clock.ts'
import type { EngineSource, ServedEngine } from './engine.ts'
import { type Problem, problemOf } from './problems.ts'

/** Between two looks at the store, for what other processes do. */
const LOOK = 500
/** What happens in this process is told sooner, though not more often than this. */
const SOON = 50
/** So many looks may find nothing changed; then it is looked all the same: of a process that has died nothing is written. */
const UNCHANGED = 10

export interface Watcher {
  /** Something may have changed. Called again only after it has resolved. */
  look(engine: ServedEngine): Promise<void>
  /** It cannot be looked at the moment. */
  trouble(problem: Problem): void
}

export class Watch {
  readonly #source: EngineSource
  readonly #clock: Clock
  readonly #watchers = new Set<Watcher>()
  readonly #fresh = new Set<Watcher>()
  #engine: ServedEngine | undefined
  #mark: string | undefined
  #unchanged = 0
  #looking = false
  #stirred = false
  #stopListening: (() => void) | undefined
  #stopLooking: (() => void) | undefined
  #cancelSoon: (() => void) | undefined

  constructor(source: EngineSource, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** @returns ends it */
  add(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    this.#fresh.add(watcher)
    this.#stopLooking ??= this.#clock.every(LOOK, () => void this.#look(), true)
    this.#soon()
    return () => {
      this.#watchers.delete(watcher)
      this.#fresh.delete(watcher)
      if (this.#watchers.size === 0) this.#rest()
    }
  }

  #rest(): void {
    this.#stopLooking?.()
    this.#stopListening?.()
    this.#cancelSoon?.()
    this.#stopLooking = this.#stopListening = this.#cancelSoon = this.#engine = this.#mark = undefined
  }

  #soon(): void {
    this.#cancelSoon ??= this.#clock.after(SOON, () => {
      this.#cancelSoon = undefined
      void this.#look()
    })
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const engine = await this.#source()
      if (this.#watchers.size === 0) return
      this.#listenTo(engine)
      const isDue = await this.#isDue(engine)
      const those = isDue ? [...this.#watchers] : [...this.#fresh]
      this.#fresh.clear()
      for (const watcher of those) if (this.#watchers.has(watcher)) await watcher.look(engine)
    } catch (error) {
      this.#mark = undefined
      const problem = problemOf(error)
      for (const watcher of this.#watchers) watcher.trouble(problem)
    } finally {
      this.#looking = false
    }
  }

  #listenTo(engine: ServedEngine): void {
    if (this.#engine === engine) return
    this.#stopListening?.()
    this.#engine = engine
    this.#mark = undefined
    this.#stopListening = engine.on('*', () => {
      this.#stirred = true
      this.#soon()
    })
  }

  async #isDue(engine: ServedEngine): Promise<boolean> {
    const stirred = this.#stirred
    this.#stirred = false
    const mark = await engine.mark()
    const isSame = mark !== undefined && mark === this.#mark && !stirred
    this.#mark = mark
    this.#unchanged = isSame ? this.#unchanged + 1 : 0
    if (this.#unchanged < UNCHANGED) return !isSame
    this.#unchanged = 0
    return true
  }
}
