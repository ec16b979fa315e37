import {
  CancelledError,
  EngineStoppedError,
  messageOf,
  NonDeterminismError,
  RunBlockedError,
} from '../../core/errors.ts'
import type { RunHandle } from '../../core/ports/engine.ts'
import { type CommandContext, hint } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { failureOf } from '../failure.ts'
import { oneLine, printable } from '../text/printable.ts'

interface Of {
  readonly id: string
  readonly workflow: string | undefined
}

/** How far a run got in this process. */
export type Outcome =
  | (Of & { readonly status: 'completed'; readonly output: unknown })
  | (Of & { readonly status: 'failed' | 'cancelled' | 'blocked'; readonly error: unknown })
  /** It could not go on here, because of `error`; it is resumable. */
  | (Of & { readonly status: 'interrupted'; readonly error: unknown })

/** Waits for the end of the run. Never rejects. */
export async function outcomeOf(handle: RunHandle, workflow: string | undefined): Promise<Outcome> {
  const { id } = handle
  try {
    return { id, workflow, status: 'completed', output: await handle.result() }
  } catch (error) {
    const status = await handle.status().catch(() => undefined)
    if (status === 'blocked')
      return { id, workflow, status, error: error instanceof RunBlockedError ? error.cause : error }
    if (status === 'failed' || status === 'cancelled') return { id, workflow, status, error }
    return { id, workflow, status: 'interrupted', error }
  }
}

export function exitCodeOf(outcome: Outcome): ExitCode {
  return outcome.status === 'interrupted' ? failureOf(outcome.error).exitCode : EXIT[outcome.status]
}

/** For `--json`. */
export function outcomeDocument(outcome: Outcome): object {
  const { id, workflow, status } = outcome
  const rest = status === 'completed' ? { output: outcome.output ?? null } : { error: outcome.error }
  return { id, workflow: workflow ?? null, status, ...rest }
}

/** What is said of a run that did not complete, with what can be done about it. */
export function explain(context: CommandContext, outcome: Exclude<Outcome, { status: 'completed' }>): void {
  const { terminal } = context
  const { id, status, error } = outcome
  const shown = printable(id)
  const message = oneLine(messageOf(error))
  if (status === 'interrupted') return explainInterruption(context, outcome)
  if (status === 'cancelled') terminal.error(`Run ${shown} was cancelled${reasonOf(error)}`)
  else if (status === 'failed') terminal.error(`Run ${shown} failed: ${message}`)
  else terminal.error(`Run ${shown} is blocked: ${message}`)
  terminal.details(error)
  if (status === 'blocked') {
    terminal.note(`When the code is corrected, go on with: ${hint(context, 'resume', id)}`)
    if (error instanceof NonDeterminismError && !error.recordedKey.includes('!'))
      terminal.note(
        `If the code is right as it is, do anew what no longer fits: ${hint(context, 'retry', id, ['--from', error.recordedKey])}`,
      )
  } else if (outcome.workflow !== undefined)
    terminal.note(`To execute it again, without the steps that succeeded: ${hint(context, 'retry', id)}`)
}

function explainInterruption(
  context: CommandContext,
  { id, workflow, error }: Outcome & { status: 'interrupted' },
): void {
  const { terminal } = context
  if (!(error instanceof EngineStoppedError))
    terminal.error(`Run ${printable(id)} could not go on: ${failureOf(error).message}`)
  terminal.details(error)
  if (workflow === undefined)
    terminal.note(
      `Run ${printable(id)} is interrupted. Its workflow has no name, so it cannot be resumed by itself`,
    )
  else
    terminal.note(
      `Run ${printable(id)} is interrupted, and nothing that was recorded is lost. Go on with: ${hint(context, 'resume', id)}`,
    )
}

function reasonOf(error: unknown): string {
  const reason = error instanceof CancelledError ? error.cause : error
  return reason === undefined ? '' : `: ${oneLine(messageOf(reason))}`
}
