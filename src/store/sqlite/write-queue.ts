/**
 * Writes wait in line and are taken together, those of one turn of the event loop in one transaction: its cost is the
 * sync at its end, whoever shares it. Its invariants are those of `access.ts`.
 */
import type { Connection } from './connection.ts'
import type { LogKeeper } from './log-keeper.ts'
import { type Patience, whenFree } from './patience.ts'
import { watchPresence } from './presence.ts'
import { transaction } from './transaction.ts'
import type { Trust } from './trust.ts'

interface Job {
  readonly since: number
  readonly work: () => unknown
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** Jobs in one transaction: enough to make the sync cheap, few enough not to hold the lock and the loop for long. */
const MOST_JOBS = 250

export class WriteQueue {
  readonly #connection: Connection
  readonly #patience: Patience
  readonly #trust: Trust
  readonly #log: LogKeeper
  readonly #requirePresence: () => void
  readonly #jobs: Job[] = []
  #working: Promise<void> | undefined

  constructor(connection: Connection, patience: Patience, trust: Trust, log: LogKeeper) {
    this.#connection = connection
    this.#patience = patience
    this.#trust = trust
    this.#log = log
    this.#requirePresence = watchPresence(connection.path)
  }

  push<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const done = resolve as (result: unknown) => void
      this.#jobs.push({ since: this.#patience.clock.steady(), work, resolve: done, reject })
      this.#working ??= this.#work()
    })
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#working
  }

  async #work(): Promise<void> {
    while (this.#jobs.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      await this.#commit(this.#jobs.splice(0, MOST_JOBS))
      await this.#keepLogShort()
    }
    this.#working = undefined
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const [first] = jobs
    if (first === undefined) return
    if (this.#trust.lost !== undefined) return refuse(jobs, this.#trust.lost)
    const body = (): unknown[] => {
      const results = jobs.map((job) => job.work())
      this.#requirePresence()
      return results
    }
    try {
      const once = (): unknown[] => transaction(this.#connection.db, body)
      const results = await whenFree(once, first.since, this.#patience)
      jobs.forEach((job, index) => job.resolve(results[index]))
    } catch (thrown) {
      const error = this.#trust.after(thrown)
      if (error.problem === 'missing') this.#log.rescue()
      if (jobs.length === 1 || this.#trust.lost !== undefined) refuse(jobs, error)
      else for (const job of jobs) await this.#commit([job])
    }
  }

  /** What is acknowledged is in the log: only a failure of the disk makes that doubtful. */
  async #keepLogShort(): Promise<void> {
    if (this.#trust.lost !== undefined) return
    try {
      await this.#log.look()
    } catch (error) {
      this.#trust.after(error)
    }
  }
}

function refuse(jobs: readonly Job[], error: unknown): void {
  for (const job of jobs) job.reject(error)
}
