import { hostname } from 'node:os'
import type { Clock } from '../core/ports/clock.ts'
import type { Claim, Owner, RunRecord, Store } from '../core/ports/store.ts'
import { beginInstance, endInstance, Liveness } from './liveness.ts'

/** How long an engine may be silent, and how often it says that it is alive; milliseconds. */
export interface Lease {
  readonly duration: number
  readonly heartbeat: number
}

/**
 * Which runs this engine instance may execute. A run belongs to one owner at a time; a dead owner's runs can be
 * claimed by another, and whatever the dead one still writes is refused by the store (R3).
 */
export class Ownership {
  readonly id: string
  readonly #store: Store
  readonly #clock: Clock
  readonly lease: Lease
  readonly #liveness: Liveness
  #cancelHeartbeat: (() => void) | undefined
  #started: Promise<unknown> | undefined
  /** Whether the store knows this owner, as far as it knows itself. */
  #known = false
  /** It may be in the store. An engine that only reads is not, and has nothing to take back. */
  #written = false
  #onLost: (() => void) | undefined

  constructor(store: Store, clock: Clock, id: string, lease: Lease) {
    this.id = id
    this.#store = store
    this.#clock = clock
    this.lease = lease
    this.#liveness = new Liveness(clock)
  }

  /** Others took this engine for dead, because it was silent for too long, and its runs were given back. */
  whenLost(callback: () => void): void {
    this.#onLost = callback
  }

  /** @returns undefined when a live owner has the run, or somebody else was faster */
  async claim(run: RunRecord): Promise<Claim | undefined> {
    // A run of our own that is not executed any more could not be given back when its store failed.
    if (run.owner !== undefined && run.owner !== this.id && (await this.isAlive(run.owner))) return undefined
    const { no, epoch } = run
    return await this.taking(
      () => this.#store.claim({ no, epoch, owner: this.id }),
      (claim) => claim,
    )
  }

  /**
   * Lets `write` make a run this engine's, right after the first sign of life: asked for together, both are one
   * transaction in a store that can, and a process that begins waits for the disk once.
   * @param claimOf what was written, to give it back when only the sign of life has failed
   */
  async taking<T>(write: () => Promise<T>, claimOf: (written: T) => Claim | undefined): Promise<T> {
    if (this.#known) return await write()
    const [begun, written] = await Promise.allSettled([this.begin(), write()])
    if (begun.status === 'rejected') {
      const claim = written.status === 'fulfilled' ? claimOf(written.value) : undefined
      if (claim !== undefined) await this.#store.release(claim).catch(() => undefined)
      throw begun.reason
    }
    if (written.status === 'rejected') throw written.reason
    return written.value
  }

  async isAlive(ownerId: string): Promise<boolean> {
    return (await this.findAlive(ownerId)) !== undefined
  }

  async findAlive(ownerId: string): Promise<Owner | undefined> {
    const owner = await this.#store.getOwner(ownerId)
    return owner !== undefined && this.#liveness.isAlive(owner) ? owner : undefined
  }

  /** Nothing is executed or waited for, so nobody says that this engine is alive. */
  get resting(): boolean {
    return this.#cancelHeartbeat === undefined
  }

  /** Whether another engine executes runs, or waits for some. */
  async othersLive(): Promise<boolean> {
    const owners = await this.#store.listOwners()
    return owners.some((owner) => owner.id !== this.id && this.#liveness.isAlive(owner))
  }

  /** Gives back what dead owners had. */
  async removeDead(): Promise<void> {
    for (const owner of await this.#store.listOwners()) {
      if (owner.id === this.id || this.#liveness.isAlive(owner)) continue
      await this.#store.removeOwner(owner.id, owner.heartbeatAt)
      this.#liveness.forget(owner.id)
    }
  }

  /** Says that this engine is alive, from now on. Resolves when it has said so once. */
  async begin(): Promise<void> {
    this.#started ??= this.beat()
    // A missed beat is harmless: the next one comes, and the store refuses what a lost owner writes.
    this.#cancelHeartbeat ??= this.#clock.every(
      this.lease.heartbeat,
      () => void this.beat().catch(() => undefined),
    )
    try {
      await this.#started
    } catch (error) {
      this.rest() // the next claim tries again
      throw error
    }
  }

  /** Nothing is executed or waited for any more: stops the heartbeat, until the next claim. */
  rest(): void {
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = undefined
    this.#started = undefined
    this.#known = false
  }

  /** Gives back what this engine still has. */
  async end(): Promise<void> {
    this.rest()
    endInstance(this.id)
    if (this.#written) await this.#store.removeOwner(this.id)
  }

  /** Says once that this engine is alive. @returns whether the store knew it */
  async beat(): Promise<boolean> {
    beginInstance(this.id)
    this.#written = true
    this.#liveness.look()
    const known = await this.#store.heartbeat({
      id: this.id,
      pid: process.pid,
      host: hostname(),
      heartbeatAt: this.#clock.now(),
      lease: this.lease.duration,
    })
    const lost = this.#known && !known
    this.#known = this.#cancelHeartbeat !== undefined || this.#started !== undefined
    if (lost) this.#onLost?.()
    return known
  }
}
