import { type Duration, milliseconds } from '../../core/duration.ts'
import { messageOf } from '../../core/errors.ts'
import { type CommandContext, databaseExists, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { plural } from '../text/units.ts'

export const PRUNED_STATUSES = ['completed', 'failed', 'cancelled'] as const
type PrunedStatus = (typeof PRUNED_STATUSES)[number]

export interface PruneOptions {
  readonly keep: string
  readonly status?: readonly PrunedStatus[]
  readonly dryRun?: boolean
}

/** `prune --keep 30d`: deletes runs that ended longer ago than that. */
export async function prune(
  context: CommandContext,
  { keep, status = PRUNED_STATUSES, dryRun = false }: PruneOptions,
): Promise<ExitCode> {
  const { terminal } = context
  const each = Object.fromEntries(status.map((one) => [one, durationOf(keep)]))
  const runs = databaseExists(context)
    ? await withEngine(context, (engine) => engine.prune(each, { dryRun }))
    : 0
  if (terminal.json) terminal.printJson({ runs, dryRun })
  else if (dryRun) terminal.note(`${plural(runs, 'run')} would be deleted`)
  else terminal.note(runs === 0 ? 'Nothing to delete' : `Deleted ${plural(runs, 'run')}`)
  return EXIT.completed
}

function durationOf(text: string): Duration {
  try {
    return milliseconds(text, '--keep')
  } catch (error) {
    throw usageError(messageOf(error))
  }
}
