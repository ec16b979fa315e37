/** Notices that something has changed, whoever changed it. Looks only while somebody wants to know. */
import type { Clock } from '../core/ports/clock.ts'
import type { ApiRun } from './api.ts'
import type { EngineSource, ServedEngine } from './engine.ts'
import { type Problem, problemOf } from './problems.ts'
import { RecentRuns } from './recent-runs.ts'

/** Between two looks at the store, for what other processes do. */
const LOOK = 500
/** What happens in this process is told sooner, though not more often than this. */
const SOON = 50
/** So many looks may find nothing changed; then it is looked all the same: of a process that has died nothing is written. */
const UNCHANGED = 10

export interface Look {
  readonly engine: ServedEngine
  /** Read when the first one asks, and for all until something may have changed again. */
  readonly recent: () => Promise<ReadonlyMap<string, ApiRun>>
}

export interface Watcher {
  /** Something may have changed. Called again only after it has resolved. */
  look(look: Look): Promise<void>
  /** It cannot be looked at the moment. */
  trouble(problem: Problem): void
}

export class Watch {
  readonly #source: EngineSource
  readonly #clock: Clock
  readonly #report: (error: unknown) => void
  readonly #watchers = new Set<Watcher>()
  readonly #fresh = new Set<Watcher>()
  readonly #runs = new RecentRuns()
  #recent: Promise<ReadonlyMap<string, ApiRun>> | undefined
  #engine: ServedEngine | undefined
  #mark: string | undefined
  #unchanged = UNCHANGED
  #reported: string | undefined
  #looking = false
  #stirred = false
  #stopListening: (() => void) | undefined
  #stopLooking: (() => void) | undefined
  #cancelSoon: (() => void) | undefined

  /** @param report told of each trouble once */
  constructor(source: EngineSource, clock: Clock, report: (error: unknown) => void) {
    this.#report = report
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
    this.#stopLooking = this.#stopListening = this.#cancelSoon = undefined
    this.#engine = this.#mark = this.#recent = undefined
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
      if (isDue) this.#recent = undefined
      const recent = (): Promise<ReadonlyMap<string, ApiRun>> => (this.#recent ??= this.#runs.look(engine))
      const those = isDue ? [...this.#watchers] : [...this.#fresh]
      this.#fresh.clear()
      for (const watcher of those) if (this.#watchers.has(watcher)) await watcher.look({ engine, recent })
      this.#reported = undefined
    } catch (error) {
      this.#unchanged = UNCHANGED
      this.#recent = undefined
      const problem = problemOf(error)
      if (problem.message !== this.#reported) this.#report(error)
      this.#reported = problem.message
      for (const watcher of this.#watchers) watcher.trouble(problem)
    } finally {
      this.#looking = false
    }
  }

  #listenTo(engine: ServedEngine): void {
    if (this.#engine === engine) return
    this.#stopListening?.()
    this.#engine = engine
    this.#unchanged = UNCHANGED
    this.#stopListening = engine.on('*', () => {
      this.#stirred = true
      this.#soon()
    })
  }

  async #isDue(engine: ServedEngine): Promise<boolean> {
    const stirred = this.#stirred
    this.#stirred = false
    const mark = await engine.mark()
    // A store without marks counts as unchanged unless something happens here.
    const isSame = mark === this.#mark && !stirred
    this.#mark = mark
    if (isSame && ++this.#unchanged < UNCHANGED) return false
    this.#unchanged = 0
    return true
  }
}
