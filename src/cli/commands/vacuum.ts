import { type CommandContext, requireDatabase, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { bytesText } from '../text/units.ts'

export interface VacuumOptions {
  readonly full?: boolean
}

/** `vacuum`: gives free space back to the disk. */
export async function vacuum(context: CommandContext, { full = false }: VacuumOptions): Promise<ExitCode> {
  const { terminal } = context
  requireDatabase(context)
  const report = await withEngine(context, (engine) => engine.vacuum({ full }))
  if (terminal.json) terminal.printJson(report)
  else {
    const given = Math.max(0, report.bytesBefore - report.bytes)
    terminal.note(`Gave ${bytesText(given)} back; the file has ${bytesText(report.bytes)}`)
  }
  if (report.needsFull)
    terminal.warn(
      'The file was made by an older version: only `vacuum --full` can give its space back, once, while everything waits',
    )
  return EXIT.completed
}
