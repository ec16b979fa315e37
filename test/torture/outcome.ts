import type { RunHandle } from '../../src/index.ts'
import { describeError } from './describe.ts'
import type { Outcome } from './model.ts'

/** Waits for the run's end. What cannot be known is described like a failure. */
export async function outcomeOf(run: RunHandle): Promise<Outcome> {
  try {
    return { status: 'completed', value: await run.result() }
  } catch (error) {
    const status = (error as { kind?: unknown }).kind === 'run-cancelled' ? 'cancelled' : 'failed'
    return { status, error: describeError(error) }
  }
}
