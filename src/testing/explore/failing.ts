import { positiveInteger } from '../../core/check.ts'
import type { StepContext } from '../../core/step-function.ts'

/**
 * A step's function whose first `times` attempts fail, for `explore` and `mockSteps`. It looks at the attempt's number, so
 * that it does the same in every life of a run; a counter would not.
 * @param then what the attempts after that do. Default: return nothing
 * @throws {TypeError} `times` is no positive whole number or Infinity
 */
export function failing(
  times: number,
  then: (step: StepContext) => unknown = () => undefined,
): (step: StepContext) => unknown {
  positiveInteger(times, 'failing() times')
  return (step) => {
    if (step.attempt <= times) throw new Error(`attempt ${step.attempt} failed, as it was told to`)
    return then(step)
  }
}
