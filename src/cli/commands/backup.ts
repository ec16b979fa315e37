import { StoreError } from '../../core/errors.ts'
import { type CommandContext, requireDatabase, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CommandError } from '../failure.ts'
import { printable } from '../text/printable.ts'
import { bytesText } from '../text/units.ts'

/** `backup <file>`: a copy of the run database, whoever uses it meanwhile. */
export async function backup(context: CommandContext, file: string): Promise<ExitCode> {
  const { terminal } = context
  requireDatabase(context)
  const report = await withEngine(context, (engine) => engine.backup(file)).catch((error: unknown) => {
    if (error instanceof StoreError && error.problem === 'exists')
      throw new CommandError(EXIT.conflict, error.message, error)
    throw error
  })
  if (terminal.json) terminal.printJson(report)
  else terminal.note(`Backed up to ${printable(report.path)} (${bytesText(report.bytes)})`)
  return EXIT.completed
}
