/** What a run of the benchmarks writes down: everything the tables and charts are made of. */
import type { Measured } from './job.ts'
import type { ScenarioId } from './scenarios.ts'

export interface Results {
  readonly date: string
  /** How long all of it took. */
  readonly minutes: number
  readonly machine: Machine
  readonly rounds: number
  readonly quick: boolean
  readonly contenders: readonly ContenderNote[]
  readonly missing: readonly { readonly name: string; readonly reason: string }[]
  readonly measurements: readonly Measurement[]
  readonly failures: readonly Failure[]
}

export interface Machine {
  readonly node: string
  readonly sqlite: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGigabytes: number
  readonly system: string
  readonly filesystem: string
}

export interface ContenderNote {
  readonly name: string
  readonly kind: 'floor' | 'ours' | 'peer'
  readonly version: string
  readonly durability: string
  readonly scenarios: Readonly<Partial<Record<ScenarioId, string>>>
  readonly refuses: Readonly<Partial<Record<ScenarioId, string>>>
  readonly reduced: Readonly<Partial<Record<ScenarioId, number>>>
}

export interface Measurement extends Measured {
  readonly scenario: ScenarioId
  readonly contender: string
  readonly round: number
  /** What a step takes on disk, beyond what the warm-up left there. */
  readonly bytesPerStep?: number
}

export interface Failure {
  readonly scenario: ScenarioId
  readonly contender: string
  readonly round: number
  readonly error: string
}
