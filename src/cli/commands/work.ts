import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { execute } from '../runs/execute.ts'
import { endedAs } from '../progress/model.ts'
import { printable } from '../text/printable.ts'
import { someNamedWorkflows } from '../workflows/named-workflows.ts'

export interface WorkOptions {
  readonly concurrency: number
}

/** `work <file...>`: executes runs of the files' workflows, whoever started them, until it is interrupted. */
export async function work(
  context: CommandContext,
  files: readonly string[],
  { concurrency }: WorkOptions,
): Promise<ExitCode> {
  const { terminal } = context
  let ended = 0
  const { cut } = await execute(context, async (engine) => {
    const workflows = await someNamedWorkflows(files)
    engine.on('*', (event) => {
      const status = endedAs(event)
      if (status === undefined) return
      ended++
      terminal.note(`Run ${printable(event.run)} ${status}`)
    })
    await engine.work(workflows, { concurrency })
    const names = workflows.map(({ name }) => JSON.stringify(printable(name ?? ''))).join(', ')
    terminal.note(`Working on runs of ${names}, at most ${concurrency} at once. Ctrl-C stops`)
    await new Promise(() => undefined) // until it is interrupted
  })
  if (terminal.json) terminal.printJson({ ended })
  return cut === EXIT.interrupted || cut === undefined ? EXIT.completed : cut
}
