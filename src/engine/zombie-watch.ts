import type { Codec } from '../core/codec/codec.ts'
import { CancelledError, messageOf, quote } from '../core/errors.ts'
import { nameOf, stepNameOf } from '../core/key.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Key } from '../core/ports/effects.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { RunEvent } from '../core/ports/observer.ts'
import type { Store, ZombieRecord } from '../core/ports/store.ts'
import type { Ownership } from './ownership.ts'
import { unwatchStrayRejections, watchStrayRejections } from './stray-rejections.ts'

/** A function whose signal has just been aborted, and that still runs. */
export interface GivenUp {
  /** Number and id of the run. */
  readonly run: number
  readonly runId: string
  /** The workflow's name. */
  readonly workflow: string | undefined
  /** Of the step; empty for the run's own code. */
  readonly key: Key
  readonly attempt: number
  readonly reason: CancelledError
}

interface Watched {
  /** Without the run, once it is a zombie: of a run that has ended nothing else may be kept in memory. */
  givenUp: GivenUp
  /** By the wall clock, and by steady time. */
  readonly since: number
  readonly from: number
  /** Its number in the store, once it is a zombie. */
  listed: Promise<number | undefined> | undefined
}

export interface ZombieWatchParts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: Codec
  readonly log: Logger
  readonly ownership: Ownership
  readonly observe: (event: RunEvent) => void
  /** Milliseconds that a function may run on after its signal was aborted. */
  readonly abortGrace: number
}

/** How much of a cause is kept: enough to know it again. */
const CAUSE_LENGTH = 200

/** As many are named when the engine stops. */
const MOST_NAMED = 10

/**
 * Functions of this engine that were given up and still run, of all its runs: signal, grace, fence. Their results are
 * refused wherever they come (R3); here they are only watched. Invariants:
 * 1. One that still runs after the grace period is a zombie: listed in the store, where every process sees it, and
 *    told once, until it ends.
 * 2. There is one timer, while there is anything to watch, and it does not keep the process alive.
 * 3. While there is anything to watch the owner is alive, whether it executes anything or not: its zombies are alive
 *    as long as it is.
 */
export class ZombieWatch {
  readonly #parts: ZombieWatchParts
  /** In the order in which they were given up. */
  readonly #waiting = new Set<Watched>()
  readonly #zombies = new Set<Watched>()
  #stopLooking: (() => void) | undefined
  #beaten = 0
  #over = false

  constructor(parts: ZombieWatchParts) {
    this.#parts = parts
  }

  /** @returns to be called when the function has ended */
  watch(givenUp: GivenUp): () => void {
    const watched = this.#watched(givenUp, 0)
    this.#waiting.add(watched)
    this.#beginLooking()
    return () => this.#ended(watched)
  }

  /** The same, for one that was given up `ago` milliseconds before, and is a zombie. */
  watchZombie(givenUp: GivenUp, ago: number): () => void {
    const watched = this.#watched(givenUp, ago)
    this.#becomeZombie(watched)
    this.#beginLooking()
    return () => this.#ended(watched)
  }

  /** The engine has stopped: tells what still runs, and watches no more. Its owner takes the zombies out of the store. */
  end(): void {
    this.#over = true
    const left = [...this.#zombies, ...this.#waiting].map(({ givenUp }) => givenUp)
    this.#zombies.clear()
    this.#waiting.clear()
    this.#endLooking()
    if (left.length === 0) return
    const named = left.slice(0, MOST_NAMED).map((one) => `${titleOf(one)} of run ${quote(one.runId)}`)
    const more = left.length > named.length ? ` and ${left.length - named.length} more` : ''
    this.#parts.log.warn(
      `The engine has stopped, and these still run, though their signal is aborted: ${named.join(', ')}${more}. ` +
        'Whatever they return is refused',
    )
  }

  #watched(givenUp: GivenUp, ago: number): Watched {
    const { clock } = this.#parts
    return { givenUp, since: clock.now() - ago, from: clock.steady() - ago, listed: undefined }
  }

  #beginLooking(): void {
    if (this.#stopLooking !== undefined || this.#over) return
    const { clock, abortGrace } = this.#parts
    // Often enough for a short grace, and never busy.
    const interval = Math.min(Math.max(abortGrace / 4, 50), 1000)
    const stop = clock.every(interval, () => this.#look(), true)
    watchStrayRejections() // what a zombie leaves behind is still its run's, even when the run has ended (E6)
    this.#beaten = clock.steady()
    this.#stopLooking = () => {
      stop()
      unwatchStrayRejections()
    }
  }

  #endLooking(): void {
    if (this.#waiting.size > 0 || this.#zombies.size > 0) return
    this.#stopLooking?.()
    this.#stopLooking = undefined
  }

  #look(): void {
    const { clock, abortGrace, ownership } = this.#parts
    const now = clock.steady()
    for (const watched of this.#waiting) {
      if (now - watched.from < abortGrace) break
      this.#becomeZombie(watched)
    }
    if (!ownership.resting || now - this.#beaten < ownership.lease.heartbeat) return
    this.#beaten = now
    this.#beat().catch(() => undefined) // the next one comes
  }

  async #beat(): Promise<void> {
    if (!(await this.#parts.ownership.beat())) this.relist()
  }

  /** Others took this engine for dead, and its zombies with it. */
  relist(): void {
    for (const watched of this.#zombies) watched.listed = this.#add(watched)
  }

  #becomeZombie(watched: Watched): void {
    const { clock, log, observe } = this.#parts
    const { run, runId, workflow, key, attempt, reason } = watched.givenUp
    const short = shortened(reason)
    this.#waiting.delete(watched)
    this.#zombies.add(watched)
    watched.givenUp = { run, runId, workflow, key, attempt, reason: short }
    watched.listed = this.#add(watched)
    const late = Math.round((clock.steady() - watched.from) / 1000)
    log.warn(
      `${capitalized(titleOf(watched.givenUp))} of run ${quote(runId)} ignores its signal: it still runs, ${late} s after it was given up (${short.message}). ` +
        (key === ''
          ? '`execute` awaits something that is not an operation, which belongs in a step. The run ends without it, as cancelled, and nothing that it still does is recorded'
          : 'Pass the signal on to what it waits for, as in fetch(url, { signal }), and look at signal.aborted in loops. What it returns is refused'),
      { run: runId, key, attempt },
    )
    observe({
      kind: 'step.zombie',
      run: runId,
      workflow,
      at: clock.now(),
      key,
      name: stepNameOf(key),
      attempt,
      givenUpAt: watched.since,
    })
  }

  async #add({ givenUp, since }: Watched): Promise<number | undefined> {
    const { store, ownership, codec, log } = this.#parts
    const { run, key, attempt, reason } = givenUp
    const owner = ownership.id
    const record: ZombieRecord = { run, key, attempt, owner, since, reason: codec.encodeError(reason) }
    try {
      return await store.addZombie(record)
    } catch (error) {
      log.warn('A function that ignores its signal could not be listed', { run: givenUp.runId, key, error })
      return undefined
    }
  }

  #ended(watched: Watched): void {
    this.#waiting.delete(watched)
    this.#zombies.delete(watched)
    this.#endLooking()
    if (watched.listed === undefined || this.#over) return
    void watched.listed
      .then((id) => (id === undefined ? undefined : this.#parts.store.removeZombie(id)))
      .catch(() => undefined) // it stays until its owner goes
  }
}

/** A cause can be large, and of any kind; what it says is enough. */
function shortened({ kind, by, cause }: CancelledError): CancelledError {
  return new CancelledError({
    kind,
    ...(by === undefined ? {} : { by }),
    ...(cause === undefined ? {} : { cause: messageOf(cause).slice(0, CAUSE_LENGTH) }),
  })
}

function titleOf({ key }: GivenUp): string {
  return key === '' ? 'the code' : `step ${quote(nameOf(key))}`
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
