/** Everything, round after round: what drifts on the machine meets all contenders alike. */
import { RECORDED } from './checks.ts'
import type { Participant } from './line-up.ts'
import type { Outcome, Request } from './one.ts'
import type { Failure, Measurement } from './results.ts'
import { stepsOf } from './scenarios.ts'
import type { Scenario, Sizes } from './scenarios.ts'

export interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly participants: readonly Participant[]
  readonly rounds: number
  /** Who took longer than this for one measurement, server and all, takes part in `SLOW_ROUNDS` rounds only. */
  readonly slowMs: number
  /** When so much has been spent, nothing is measured again that has a figure. */
  readonly budgetMs: number
  readonly quick: boolean
  /** @throws what is told instead of a figure */
  readonly measure: (request: Request) => Promise<Outcome>
  /** Aborted: the error of a measurement ends all of them. */
  readonly interrupted: AbortSignal
  readonly progress: (line: string) => void
}

export const SLOW_ROUNDS = 2

/** One contender in one scenario, and what is known of it so far. */
interface Turn {
  readonly scenario: Scenario
  readonly participant: Participant
  readonly sizes: Sizes
  /** Bytes that the warm-up alone leaves. */
  before?: number
  spentMs: number
  slow: boolean
  failed: boolean
}

type Figures = Omit<Measurement, 'scenario' | 'contender' | 'round'>

/** Who fails is not asked again: a figure from the rounds that went well would hide it. */
export async function measureRounds(
  plan: Plan,
): Promise<{ measurements: Measurement[]; failures: Failure[] }> {
  const measurements: Measurement[] = []
  const failures: Failure[] = []
  const turns = plan.scenarios.flatMap((scenario) =>
    plan.participants
      .filter(({ note }) => note.scenarios[scenario.id] !== undefined)
      .map(turnOf(scenario, plan)),
  )
  const spent = (): number => turns.reduce((total, { spentMs }) => total + spentMs, 0)
  for (let round = 1; round <= plan.rounds; round++)
    for (const turn of turns) {
      if (turn.failed || (turn.slow && round > SLOW_ROUNDS)) continue
      if (round > 1 && spent() > plan.budgetMs) return { measurements, failures }
      const [scenario, contender] = [turn.scenario.id, turn.participant.note.name]
      const named = `round ${round} of ${plan.rounds}, ${scenario}, ${contender}`
      try {
        const figures = await measureTurn(plan, turn)
        measurements.push({ scenario, contender, round, ...figures })
        plan.progress(`${named}: ${figures.value.toFixed(1)} ${turn.scenario.unit}`)
      } catch (error) {
        if (plan.interrupted.aborted) throw error
        turn.failed = true
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
    const steps = Math.min(sizes.steps, participant.note.reduced[scenario.id] ?? sizes.steps)
    return { scenario, participant, sizes: { ...sizes, steps }, spentMs: 0, slow: false, failed: false }
  }

/** Bytes are what the measured part added to what the warm-up alone leaves, which is measured once. */
async function measureTurn({ measure, slowMs }: Plan, turn: Turn): Promise<Figures> {
  const { participant, sizes, scenario } = turn
  const request = { participant, scenario: scenario.id, sizes }
  const recorded = RECORDED.includes(scenario.id)
  if (recorded && turn.before === undefined) {
    const { bytes, tookMs } = await measure({ ...request, warmUpOnly: true })
    turn.before = bytes
    turn.spentMs += tookMs
  }
  const { measured, bytes, tookMs } = await measure({ ...request, warmUpOnly: false })
  turn.spentMs += tookMs
  turn.slow ||= tookMs > slowMs
  const grown = bytes - (turn.before ?? 0)
  // A store that compacts its files may be smaller than before.
  if (!recorded || grown < 0) return measured
  return { ...measured, bytesPerStep: grown / stepsOf(sizes) }
}

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`.split('\n').slice(0, 2).join(' ').slice(0, 300)
}
