import type { Codec } from '../../core/codec/codec.ts'
import type { WorkflowCode } from '../../core/definition.ts'
import type { Encoded, Effects } from '../../core/ports/effects.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { LoopOptions } from '../../core/run-loop.ts'
import type { RunOutcome } from '../../core/ending.ts'
import type { Run } from '../../core/run.ts'
import type { StepTable } from '../mock-steps.ts'
import type { ScriptedEvent } from '../virtual/event-script.ts'

/** The library's own parts under test: replaced by broken ones to see that an exploration notices. */
export interface Parts {
  readonly loop: (run: Run, effects: Effects, options: LoopOptions) => Promise<RunOutcome>
}

/** What is the same in every life that an exploration tries. */
export interface Plan {
  readonly workflow: WorkflowCode
  readonly input: Encoded
  readonly codec: Codec
  readonly log: Logger
  readonly parts: Parts
  readonly steps: StepTable
  /** Functions in place of child workflows, by name. */
  readonly children: Readonly<Record<string, (input: unknown) => unknown>>
  readonly events: readonly ScriptedEvent[]
  readonly mayFail: (key: string, name: string) => boolean
  readonly mayHang: (key: string, name: string) => boolean
  readonly mayTimeOut: boolean
  readonly mayBeCancelled: boolean
  /** Most accidents in one life. */
  readonly faults: number
  /** Most completions in one life. */
  readonly limit: number
  /** Milliseconds of real time that a step's function gets to come to something. */
  readonly patience: number
  readonly seed: number
  readonly before: () => unknown
  readonly observe: (() => unknown) | undefined
  /** Steps that were seen to hang: nobody waits for them again. */
  readonly hung: Set<string>
  /** Entries of `steps` and `children` that something asked for. */
  readonly used: Set<string>
  /** What the workflow's own code used that no replay repeats, and where. */
  readonly touched: Set<string>
  /** Warnings about operations that were created and never awaited. */
  readonly neverAwaited: Set<string>
}
