import { fileURLToPath } from 'node:url'
import { messageOf, StoreError } from '../../core/errors.ts'
import { systemClock } from '../../core/system-clock.ts'
import { isLoopback } from '../../server/guard.ts'
import { isToken } from '../../server/token.ts'
import { serve } from '../../server/serve.ts'
import type { ServedWorkflow } from '../../server/served.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { Interruption } from '../interruption.ts'
import { PACKAGE_ROOT } from '../package-root.ts'
import { openBrowser } from '../ui/browser.ts'
import { listen } from '../ui/listen.ts'
import { ServedRuns } from '../ui/served-runs.ts'
import { staticPage } from '../ui/static-page.ts'
import { namedWorkflows } from '../workflows/named-workflows.ts'

export interface UiOptions {
  readonly port?: number
  readonly host: string
  readonly token?: string
  readonly open: boolean
}

const LARGEST_BODY = 1024 * 1024
const MOST_STREAMS = 100

/** `ui [file…]`: the page and the HTTP API, until it is interrupted. Executes nothing but what is started or retried there. */
export async function ui(
  context: CommandContext,
  files: readonly string[],
  options: UiOptions,
): Promise<ExitCode> {
  const { terminal } = context
  const { host, token } = requireSafe(options)
  const runs = new ServedRuns(context, files.length > 0)
  const workflows = await workflowsIn(files)
  const api = serve(runs.current, {
    workflows,
    guard: { token, hosts: isLoopback(host) ? [] : ['*'] },
    maxBody: LARGEST_BODY,
    maxStreams: MOST_STREAMS,
    clock: systemClock,
    page: staticPage(fileURLToPath(new URL('dist/ui', PACKAGE_ROOT))),
    report: (error) => {
      runs.failed(error)
      if (error instanceof StoreError) return // whoever asked was told
      terminal.warn(`A request could not be answered: ${messageOf(error)}`)
      terminal.details(error)
    },
  })
  const interruption = new Interruption(() => undefined)
  try {
    const { port, close } = await listen(api.fetch, host, options.port)
    try {
      tell(context, addressOf(host, port, token), options.open)
      await interruption.happened
    } finally {
      api.close()
      await close()
    }
  } finally {
    await runs.end()
    interruption.end()
  }
  return EXIT.completed
}

function tell({ terminal }: CommandContext, address: string, open: boolean): void {
  if (terminal.json) terminal.printJson({ address })
  else terminal.print(address)
  terminal.note('Ctrl-C stops')
  if (open && process.stdout.isTTY && !terminal.json) openBrowser(address)
}

/** @throws {CommandError} others could reach it, and nothing says who may */
function requireSafe(options: UiOptions): {
  readonly host: string
  readonly token: string | undefined
} {
  const { token } = options
  const host = options.host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (token !== undefined && !isToken(token))
    throw usageError('--token: expected at least 16 letters, digits or ._~+/=- that nobody can guess')
  if (host === '') throw usageError('--host needs an address')
  if (token === undefined && !isLoopback(host))
    throw usageError(
      `--host ${host} lets other machines see and change the runs, so it needs a token: add --token with at least 16 characters that nobody can guess`,
    )
  return { host, token }
}

function addressOf(host: string, port: number, token: string | undefined): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}/${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`
}

async function workflowsIn(files: readonly string[]): Promise<ServedWorkflow[]> {
  const found = await namedWorkflows(files)
  if (files.length > 0 && found.length === 0)
    throw usageError('None of the workflows has a name, so none can be started by it: give them names')
  return found
}
