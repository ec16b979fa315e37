/**
 * What every engine must do with the programming model, rule by rule of the specification, as cases that any test runner
 * can run:
 *
 * ```ts
 * for (const { name, run } of engineCases) it(name, async () => run(await makePlace()))
 * ```
 */
import type { EngineCase } from './engine-cases/case.ts'
import { childCases } from './engine-cases/children.ts'
import { compensationCases } from './engine-cases/compensation.ts'
import { contextCases } from './engine-cases/context.ts'
import { determinismCases } from './engine-cases/determinism.ts'
import { errorCases } from './engine-cases/errors.ts'
import { eventCases } from './engine-cases/events.ts'
import { nestingCases } from './engine-cases/nesting.ts'
import { operationCases } from './engine-cases/operations.ts'
import { pageCases } from './engine-cases/page.ts'
import { parallelCases } from './engine-cases/parallel.ts'
import { raceCases } from './engine-cases/race.ts'
import { runCases } from './engine-cases/runs.ts'
import { stepCases } from './engine-cases/steps.ts'
import { timeoutCases } from './engine-cases/timeouts.ts'
import { valueCases } from './engine-cases/values.ts'

export type { EngineCase } from './engine-cases/case.ts'
export type { EnginePlace } from './engine-cases/place.ts'

export const engineCases: readonly EngineCase[] = [
  ...operationCases,
  ...stepCases,
  ...parallelCases,
  ...timeoutCases,
  ...raceCases,
  ...nestingCases,
  ...contextCases,
  ...eventCases,
  ...childCases,
  ...runCases,
  ...compensationCases,
  ...errorCases,
  ...valueCases,
  ...determinismCases,
  ...pageCases,
]
