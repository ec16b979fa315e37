import { CancelledError, EngineStoppedError, StoreError } from '../core/errors.ts'

/** What the steps of a run that cannot go on in this process are told. The run itself is resumable, or goes on elsewhere. */
export function interruptionBy(error: unknown): CancelledError {
  if (error instanceof EngineStoppedError)
    return new CancelledError({ kind: 'engine-stopping', cause: error })
  const lost = error instanceof StoreError && error.problem === 'fenced'
  return new CancelledError({ kind: lost ? 'run-taken-over' : 'run-interrupted', cause: error })
}
