import type { Codec } from '../core/codec/codec.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Audience } from '../core/ports/observer.ts'
import type { Random } from '../core/ports/random.ts'
import type { Store } from '../core/ports/store.ts'
import type { Telemetry } from '../core/ports/telemetry.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Ownership } from './ownership.ts'
import type { ZombieWatch } from './zombie-watch.ts'

/** What one open engine is made of: made once, never changed, shared by its runs. */
export interface Parts extends Audience {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly codec: Codec
  readonly log: Logger
  readonly commits: GroupCommit
  readonly ownership: Ownership
  readonly zombies: ZombieWatch
  readonly telemetry: Telemetry | undefined
  /** Milliseconds before a replay without progress is parked (D5). */
  readonly patience: number
  /** Milliseconds that code may go on after it was cancelled, before it is taken to ignore that. */
  readonly abortGrace: number
  /** Milliseconds that a run which only waits stays in memory (R7). */
  readonly parkAfter: number
}
