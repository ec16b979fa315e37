import { hostname } from 'node:os'
import type { Clock } from '../core/ports/clock.ts'
import type { Claim, Owner, RunRecord, Store } from '../core/ports/store.ts'

/** How often an engine that executes runs says that it is alive, in milliseconds. */
const HEARTBEAT = 5000

/** Silence after which an owner counts as dead, even if its process can be seen. */
const SILENCE = 30_000

/** Instances of this thread that have executed runs and not ended. */
const instances = new Set<string>()

/**
 * Which runs this engine instance may execute. A run belongs to one owner at a time; a dead owner's runs can be
 * claimed by another, and whatever the dead one still writes is refused by the store (R3).
 */
export class Ownership {
  readonly #store: Store
  readonly #clock: Clock
  readonly #id: string
  #cancelHeartbeat: (() => void) | undefined
  #started: Promise<void> | undefined

  constructor(store: Store, clock: Clock, id: string) {
    this.#store = store
    this.#clock = clock
    this.#id = id
  }

  get id(): string {
    return this.#id
  }

  /** @returns undefined when a live owner has the run, or somebody else was faster */
  async claim(run: RunRecord): Promise<Claim | undefined> {
    // A run of our own that is not executed any more could not be given back when its store failed.
    if (run.owner !== undefined && run.owner !== this.#id && (await this.isAlive(run.owner))) return undefined
    instances.add(this.#id)
    await this.#startBeating()
    return await this.#store.claim({ no: run.no, epoch: run.epoch, owner: this.#id })
  }

  async isAlive(ownerId: string): Promise<boolean> {
    return (await this.findAlive(ownerId)) !== undefined
  }

  async findAlive(ownerId: string): Promise<Owner | undefined> {
    const owner = await this.#store.getOwner(ownerId)
    if (owner === undefined || this.#clock.now() - owner.heartbeatAt > SILENCE) return undefined
    return owner.host !== hostname() || lives(owner) ? owner : undefined
  }

  /** Nothing is executed any more: stops the heartbeat, until the next claim. */
  rest(): void {
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = undefined
    this.#started = undefined
  }

  async end(): Promise<void> {
    this.rest()
    instances.delete(this.#id)
    await this.#store.removeOwner(this.#id)
  }

  async #startBeating(): Promise<void> {
    this.#started ??= this.beat()
    // A missed beat is harmless: the next one comes, and the store refuses what a lost owner writes.
    this.#cancelHeartbeat ??= this.#clock.every(HEARTBEAT, () => void this.beat().catch(() => undefined))
    try {
      await this.#started
    } catch (error) {
      this.rest() // the next claim tries again
      throw error
    }
  }

  /** Says that this engine is alive. */
  async beat(): Promise<void> {
    const owner: Owner = { id: this.#id, pid: process.pid, host: hostname(), heartbeatAt: this.#clock.now() }
    await this.#store.heartbeat(owner)
  }
}

/**
 * In containers every process may have the same id: an owner with ours that was silent since before this process began
 * was another process.
 */
function lives(owner: Owner): boolean {
  if (owner.pid !== process.pid) return processExists(owner.pid)
  return instances.has(owner.id) || owner.heartbeatAt >= Date.now() - process.uptime() * 1000
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
