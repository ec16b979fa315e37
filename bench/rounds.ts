/** Everything, round after round: what drifts on the machine meets all contenders alike. */
import type { Participant } from './line-up.ts'
import { measureOnce } from './one.ts'
import type { Harness } from './one.ts'
import type { Failure, Measurement } from './results.ts'
import { stepsOf } from './scenarios.ts'
import type { Scenario, Sizes } from './scenarios.ts'

export interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly participants: readonly Participant[]
  readonly rounds: number
  readonly quick: boolean
  readonly progress: (line: string) => void
}

interface Turn {
  readonly scenario: Scenario
  readonly participant: Participant
  readonly sizes: Sizes
}

/** Who fails is not asked again: a figure from the rounds that went well would hide it. */
export async function measureRounds(
  harness: Harness,
  plan: Plan,
): Promise<{ measurements: Measurement[]; failures: Failure[] }> {
  const measurements: Measurement[] = []
  const failures: Failure[] = []
  const before = new Map<Turn, number>()
  const turns = plan.scenarios.flatMap((scenario) =>
    plan.participants
      .filter(({ note }) => note.scenarios[scenario.id] !== undefined)
      .map(turnOf(scenario, plan)),
  )
  for (let round = 1; round <= plan.rounds; round++)
    for (const turn of turns) {
      const [scenario, contender] = [turn.scenario.id, turn.participant.note.name]
      const failed = failures.some(
        (failure) => failure.scenario === scenario && failure.contender === contender,
      )
      if (failed) continue
      const named = `round ${round} of ${plan.rounds}, ${scenario}, ${contender}`
      try {
        const measured = await measureTurn(harness, turn, before)
        measurements.push({ scenario, contender, round, ...measured })
        plan.progress(`${named}: ${measured.value.toFixed(1)} ${turn.scenario.unit}`)
      } catch (error) {
        if (harness.interrupted.aborted) throw error
        failures.push({ scenario, contender, round, error: told(error) })
        plan.progress(`${named}: ${told(error)}`)
      }
    }
  return { measurements, failures }
}

const turnOf =
  (scenario: Scenario, { quick }: Plan) =>
  (participant: Participant): Turn => {
    const sizes = quick ? scenario.quick : scenario.full
    const most = participant.note.reduced[scenario.id] ?? sizes.steps
    return { scenario, participant, sizes: { ...sizes, steps: Math.min(sizes.steps, most) } }
  }

/** Bytes are what the measured part added to what the warm-up alone leaves, which is measured once. */
async function measureTurn(
  harness: Harness,
  turn: Turn,
  before: Map<Turn, number>,
): Promise<Omit<Measurement, 'scenario' | 'contender' | 'round'>> {
  const { participant, sizes } = turn
  const request = { participant, scenario: turn.scenario.id, sizes }
  const recorded = 'ABC'.includes(turn.scenario.id)
  if (recorded && !before.has(turn))
    before.set(turn, (await measureOnce(harness, { ...request, warmUpOnly: true })).bytes)
  const { measured, bytes } = await measureOnce(harness, { ...request, warmUpOnly: false })
  if (!recorded) return measured
  return { ...measured, bytesPerStep: (bytes - (before.get(turn) ?? 0)) / stepsOf(sizes) }
}

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`.split('\n').slice(0, 2).join(' ').slice(0, 300)
}
