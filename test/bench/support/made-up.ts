/** Participants and results that nobody measured. */
import type { Participant } from '../../../bench/line-up.ts'
import type { ContenderNote, Measurement, Results } from '../../../bench/results.ts'
import { SCENARIOS } from '../../../bench/scenarios.ts'
import type { Scenario, ScenarioId } from '../../../bench/scenarios.ts'

export function scenarioOf(id: ScenarioId): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.id === id)
  if (found === undefined) throw new Error(`there is no scenario ${id}`)
  return found
}

export const note = (name: string, kind: ContenderNote['kind'], more: Partial<ContenderNote> = {}) => ({
  name,
  kind,
  version: '1.0.0',
  durability: 'a sync per step',
  scenarios: { B: 'comparable' },
  refuses: {},
  reduced: {},
  ...more,
})

export const participant = (name: string, more: Partial<ContenderNote> = {}): Participant => ({
  file: `${name}.js`,
  note: note(name, 'peer', more),
})

/** One measurement per value, in rounds from the first, of 1,000 steps in scenario B. */
export const measured = (contender: string, ...values: readonly number[]): readonly Measurement[] =>
  values.map((value, round) => ({
    scenario: 'B',
    contender,
    round: round + 1,
    value,
    steps: 1000,
    cpuMs: 10,
    peakMegabytes: 50,
  }))

export function results(more: Partial<Results>): Results {
  return {
    date: '2026-01-02T03:04:05.678Z',
    minutes: 7,
    machine: {
      node: 'v24.0.0',
      sqlite: '3.50.0',
      cpu: 'a processor',
      cores: 2,
      memoryGigabytes: 8,
      system: 'Linux',
      filesystem: 'ext4',
    },
    rounds: 3,
    quick: false,
    contenders: [],
    missing: [],
    measurements: [],
    failures: [],
    ...more,
  }
}
