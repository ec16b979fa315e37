/**
 * Writes wait in line and are taken together, those of one turn of the event loop in one transaction: its cost is the
 * sync at its end, whoever shares it. One that was gathered already is not kept waiting, and takes along what is before
 * it. Its invariants are those of `access.ts`.
 */
import type { Connection } from './connection.ts'
import type { LogKeeper } from './log-keeper.ts'
import { logSpace } from './log-space.ts'
import { type Patience, whenFree } from './patience.ts'
import { watchPresence } from './presence.ts'
import { transaction } from './transaction.ts'
import type { Trust } from './trust.ts'

interface Job {
  readonly since: number
  readonly size: number
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
  readonly #makeRoom: ((size: number) => void) | undefined
  readonly #jobs: Job[] = []
  #working: Promise<void> | undefined
  /** Ends the wait for the end of the turn. */
  #hurry: () => void = () => undefined

  constructor(connection: Connection, patience: Patience, trust: Trust, log: LogKeeper) {
    this.#connection = connection
    this.#patience = patience
    this.#trust = trust
    this.#log = log
    this.#requirePresence = watchPresence(connection.path)
    this.#makeRoom = connection.durability === 'full' ? logSpace(connection.path) : undefined
  }

  /**
   * @param size of the values in it, in characters; Infinity where nobody knows
   * @param gathered it is itself all of a turn's: nothing is gained by waiting for more
   */
  push<T>(work: () => T, size: number, gathered: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const done = resolve as (result: unknown) => void
      this.#jobs.push({ since: this.#patience.clock.steady(), size, work, resolve: done, reject })
      if (gathered) this.#hurry()
      this.#working ??= this.#work(gathered)
    })
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#working
  }

  async #work(gathered: boolean): Promise<void> {
    for (let wait = !gathered; this.#jobs.length > 0; wait = true) {
      if (wait) await this.#turnEnd()
      const jobs = this.#jobs.splice(0, MOST_JOBS)
      await this.#commit(jobs)
      await this.#keepLogShort(sizeOf(jobs))
    }
    this.#working = undefined
  }

  #turnEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#hurry = resolve
      setImmediate(resolve)
    })
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const [first] = jobs
    if (first === undefined) return
    if (this.#trust.lost !== undefined) return refuse(jobs, this.#trust.lost)
    const body = (): unknown[] => {
      const results = jobs.map((job) => job.work())
      this.#requirePresence()
      this.#makeRoom?.(sizeOf(jobs))
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
  async #keepLogShort(size: number): Promise<void> {
    if (this.#trust.lost !== undefined) return
    try {
      await this.#log.look(size)
    } catch (error) {
      this.#trust.after(error)
    }
  }
}

function sizeOf(jobs: readonly Job[]): number {
  let sum = 0
  for (const { size } of jobs) sum += size
  return sum
}

function refuse(jobs: readonly Job[], error: unknown): void {
  for (const job of jobs) job.reject(error)
}
