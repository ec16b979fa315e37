import { hostname } from 'node:os'
import type { Clock } from '../core/ports/clock.ts'
import type { Owner } from '../core/ports/store.ts'

/** A wall clock that differs by more than this from what steady time says has been set by somebody. */
const JUMP = 1000

/** For so long at least, and for as long as the owner's lease, it is not believed then. */
const DOUBT = 60_000

/** When an owner was last heard of, by this engine's steady clock. */
interface Heard {
  heartbeatAt: number
  since: number
}

/** Instances of this thread that have executed runs and not ended. */
const instances = new Set<string>()

export function beginInstance(id: string): void {
  instances.add(id)
}

export function endInstance(id: string): void {
  instances.delete(id)
}

/**
 * Whether owners are alive. A process that does not exist on this machine is dead at once; any other owner is dead when
 * it has not been heard of for as long as its lease. Invariants:
 * 1. Silence is measured in this engine's steady time, from one heartbeat to the next: wall clocks of two machines may
 *    differ, and jump.
 * 2. Only of an owner that is looked at for the first time its wall clock says how long it has been silent, and not if
 *    ours has just been set.
 * Taking a living owner for dead is wasteful, not wrong: the store refuses what it writes afterwards.
 */
export class Liveness {
  readonly #clock: Clock
  readonly #heard = new Map<string, Heard>()
  #anchor: { readonly wall: number; readonly steady: number }
  /** Steady time at which the wall clock was last seen to have been set. */
  #jumpedAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
    this.#anchor = { wall: clock.now(), steady: clock.steady() }
  }

  isAlive(owner: Owner): boolean {
    if (owner.host === hostname() && !lives(owner)) return false
    const now = this.#clock.steady()
    const heard = this.#heard.get(owner.id)
    if (heard !== undefined && heard.heartbeatAt === owner.heartbeatAt)
      return now - heard.since <= owner.lease
    const since = now - (heard === undefined ? this.#silence(owner) : 0)
    this.#heard.set(owner.id, { heartbeatAt: owner.heartbeatAt, since })
    return now - since <= owner.lease
  }

  /** Now and then, so that a wall clock that was set is noticed. */
  look(): void {
    const [wall, steady] = [this.#clock.now(), this.#clock.steady()]
    const drift = wall - this.#anchor.wall - (steady - this.#anchor.steady)
    this.#anchor = { wall, steady }
    if (Math.abs(drift) > JUMP) this.#jumpedAt = steady
  }

  forget(id: string): void {
    this.#heard.delete(id)
  }

  /** Milliseconds, by the wall clock; 0 when that is not to be believed, or the owner's is ahead. */
  #silence({ heartbeatAt, lease }: Owner): number {
    this.look()
    const doubted = this.#clock.steady() - this.#jumpedAt < Math.max(lease, DOUBT)
    return doubted ? 0 : Math.max(0, this.#clock.now() - heartbeatAt)
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
