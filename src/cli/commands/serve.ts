import { serve as serveWorkflows } from '../../restate/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { Interruption } from '../interruption.ts'
import { printable } from '../text/printable.ts'
import { someNamedWorkflows } from '../workflows/named-workflows.ts'

export interface ServeOptions {
  readonly restate: string
  readonly port: number
  readonly host?: string
  readonly address?: string
}

/** `serve <file...>`: executes runs of the files' workflows for a Restate server, until it is interrupted. */
export async function serve(
  { terminal }: CommandContext,
  files: readonly string[],
  { restate: admin, port, host, address }: ServeOptions,
): Promise<ExitCode> {
  const workflows = await someNamedWorkflows(files)
  const interruption = new Interruption(() => undefined)
  try {
    const server = await serveWorkflows({
      workflows,
      port,
      admin,
      ...(host === undefined ? {} : { host }),
      ...(address === undefined ? {} : { address }),
      log: terminal.logger,
    }).catch((error: unknown) => {
      throw error instanceof TypeError ? usageError(error.message, error) : error
    })
    const names = workflows.map(({ name }) => JSON.stringify(printable(name ?? ''))).join(', ')
    if (terminal.json) terminal.printJson({ port: server.port, workflows: workflows.map(({ name }) => name) })
    terminal.note(`Serving ${names} to Restate at port ${server.port}. Ctrl-C stops`)
    await interruption.happened
    terminal.note('Stopping: running steps get 5 seconds to end (again to stop at once)')
    await server.stop()
  } finally {
    interruption.end()
  }
  return EXIT.completed
}
