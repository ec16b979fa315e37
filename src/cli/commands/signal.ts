import { ENDED } from '../../core/ports/store.ts'
import { type CommandContext, hint, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CommandError } from '../failure.ts'
import { readJson } from '../input.ts'
import { processText, requireName, requireRun } from '../runs/look-up.ts'
import { printable } from '../text/printable.ts'

/** `signal <id> <event> [payload]`: sends an event to a run. */
export async function signal(
  context: CommandContext,
  id: string,
  event: string,
  payload: string | undefined,
): Promise<ExitCode> {
  const { terminal } = context
  requireName(event, 'The name of an event')
  const value = await readJson(payload, 'The payload')
  return await withEngine(context, async (engine) => {
    const record = await requireRun(context, engine, id)
    const shown = printable(id)
    if (ENDED.has(record.status))
      throw new CommandError(
        EXIT.conflict,
        `Run ${shown} has ended (${record.status}): it receives no more events`,
      )
    const owner = await engine.executorOf(record)
    await engine.find(id).signal(event, value)
    if (terminal.json)
      terminal.printJson({
        id,
        event,
        executedBy: owner === undefined ? null : { pid: owner.pid, host: owner.host },
      })
    terminal.note(
      owner === undefined
        ? `Sent. Nobody executes run ${shown} now; it gets the event when it goes on: ${hint(context, 'resume', id)}`
        : `Sent to run ${shown}, which ${processText(owner)} executes`,
    )
    return EXIT.completed
  })
}
