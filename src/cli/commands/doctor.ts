import { runsFile } from '../../create-engine.ts'
import type { Diagnosis, Severity } from '../../core/ports/maintenance.ts'
import { diagnose } from '../../store/sqlite/doctor.ts'
import { type CommandContext, requireDatabase } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Style, Terminal } from '../terminal.ts'
import { oneLine } from '../text/printable.ts'
import { bytesText, plural } from '../text/units.ts'

const STYLES: Readonly<Record<Severity, Style>> = { damage: 'red', problem: 'yellow', note: 'cyan' }

/** `doctor`: examines the file itself, so also one that cannot be opened as a run database. */
export async function doctor(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  requireDatabase(context)
  const diagnosis = await diagnose(runsFile(context.dir), Date.now())
  if (terminal.json) terminal.printJson(diagnosis)
  else tell(terminal, diagnosis)
  return diagnosis.healthy ? EXIT.completed : EXIT.store
}

function tell(terminal: Terminal, { findings, healthy, size, location }: Diagnosis): void {
  for (const { severity, message, advice } of findings) {
    terminal.print(`${terminal.styled(STYLES[severity], `${severity}:`)} ${oneLine(message)}`)
    terminal.print(`  ${oneLine(advice)}`)
  }
  if (size !== undefined) {
    const { runs, journalEntries, bytes, freeBytes, logBytes } = size
    const counts = `${plural(runs, 'run')}, ${plural(journalEntries, 'journal row')}`
    terminal.print(
      `${counts}; ${bytesText(bytes)}, of which ${bytesText(freeBytes)} free; write-ahead log ${bytesText(logBytes)}`,
    )
  }
  if (healthy) terminal.note(`${oneLine(location)} is in order`)
  else terminal.error(`${oneLine(location)} needs a hand`)
}
