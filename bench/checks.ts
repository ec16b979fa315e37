/** No figure for work that did not happen. */
import type { DurableContender, Session } from './contender.ts'
import type { ScenarioId, Sizes } from './scenarios.ts'
import { stepsOf } from './scenarios.ts'

/** The steps of a run return the numbers from 0. */
export const sumOfRun = (steps: number): number => (steps * (steps - 1)) / 2

export interface Work {
  /** Step bodies that were called. */
  readonly executed: number
  /** What the caller got: the sum of what the steps returned. */
  readonly total: number
}

/** @throws when that is not what `sizes` ask for. */
export function checkWork({ executed, total }: Work, sizes: Sizes): void {
  checkSteps(executed, stepsOf(sizes))
  checkTotal(total, sumOfRun(sizes.steps) * sizes.runs)
}

/**
 * Of a run of so many steps of which all but one were recorded before.
 * @throws when others were executed again, or their results are not there
 */
export function checkResumed({ executed, total }: Work, steps: number): void {
  checkSteps(executed, 1)
  checkTotal(total, sumOfRun(steps))
}

function checkSteps(executed: number, expected: number): void {
  if (executed !== expected) throw new Error(`${executed} steps were executed instead of ${expected}`)
}

function checkTotal(total: number, expected: number): void {
  if (total !== expected) throw new Error(`the results add up to ${total} instead of ${expected}`)
}

/** In which the steps are recorded while they are measured. */
export const RECORDED: readonly ScenarioId[] = ['A', 'B', 'C']

/**
 * Holds a contender to its word that a record of each step is in its store.
 * @returns what is to be called after the work, with how many steps it was; it throws when the store has got another number
 */
export async function watchRecords(
  { scenarios }: Pick<DurableContender, 'scenarios'>,
  session: Session,
  scenario: ScenarioId,
): Promise<(steps: number) => Promise<void>> {
  if (!RECORDED.includes(scenario) || scenarios[scenario] !== 'comparable') return async () => undefined
  const { recorded } = session
  if (recorded === undefined) throw new Error('does not say how many steps its store has recorded')
  const before = await recorded()
  return async (steps) => {
    const added = (await recorded()) - before
    if (added !== steps) throw new Error(`its store has recorded ${added} steps instead of ${steps}`)
  }
}
