/** What the harness and the process that measures tell each other. */
import type { ScenarioId, Sizes } from './scenarios.ts'

export interface Job {
  /** The compiled file of the contender. */
  readonly file: string
  readonly scenario: ScenarioId
  readonly sizes: Sizes
  /** `warm`: everything but the measured part. `crash`: ends by SIGKILL in the step after the last of `sizes`. */
  readonly phase: 'measure' | 'warm' | 'crash' | 'resume'
  readonly directory: string
  readonly url: string
  /** Where the answer goes, as JSON. */
  readonly answer: string
  readonly timeoutMs: number
}

/** One measurement. Every figure but `value` and `steps` is of the whole process. */
export interface Measured {
  /** In the unit of the scenario. */
  readonly value: number
  /** Step bodies that were executed; checked before it is answered. */
  readonly steps: number
  readonly cpuMs: number
  readonly peakMegabytes: number
  /** Event-loop delay while it worked; absent where the loop does not turn, or is not the subject. */
  readonly delayMs?: { readonly p99: number; readonly most: number }
}

export type Answer = { readonly measured: Measured } | { readonly error: string }
