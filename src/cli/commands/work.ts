import type { WorkflowCode } from '../../core/definition.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { execute } from '../runs/execute.ts'
import { endedAs } from '../progress/model.ts'
import { printable } from '../text/printable.ts'
import { loadWorkflowFile } from '../workflows/workflow-file.ts'

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
    const workflows = await workflowsIn(files)
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

async function workflowsIn(files: readonly string[]): Promise<WorkflowCode[]> {
  const found = new Map<string, WorkflowCode>()
  for (const file of files) {
    const { workflows, path } = await loadWorkflowFile(file)
    for (const { code } of workflows) {
      if (code.name === undefined) continue
      if (found.has(code.name) && found.get(code.name) !== code)
        throw usageError(
          `${path} has a second workflow called ${JSON.stringify(code.name)}: each needs a name of its own`,
        )
      found.set(code.name, code)
    }
  }
  if (found.size === 0)
    throw usageError('None of the workflows has a name, so their runs cannot be found: give them names')
  return [...found.values()]
}
