import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { SHOWN_STATUSES, type ShownStatus } from '../core/shown-status.ts'
import { backup } from './commands/backup.ts'
import { cancel, type CancelOptions } from './commands/cancel.ts'
import { doctor } from './commands/doctor.ts'
import { fork, type ForkCommandOptions } from './commands/fork.ts'
import { list, type ListOptions } from './commands/list.ts'
import { prune, PRUNED_STATUSES, type PruneOptions } from './commands/prune.ts'
import { type CodeOptions, resume } from './commands/resume.ts'
import { retry, type RetryCommandOptions } from './commands/retry.ts'
import { run, type RunOptions } from './commands/run.ts'
import { show, type ShowOptions } from './commands/show.ts'
import type { ServeOptions } from './commands/serve.ts'
import { signal } from './commands/signal.ts'
import type { UiOptions } from './commands/ui.ts'
import { vacuum, type VacuumOptions } from './commands/vacuum.ts'
import { watch, type WatchOptions } from './commands/watch.ts'
import { work, type WorkOptions } from './commands/work.ts'
import type { CommandContext } from './context.ts'
import { EXIT, EXIT_HELP, type ExitCode } from './exit-codes.ts'
import { failureOf, usageError } from './failure.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { Terminal } from './terminal.ts'

interface GlobalOptions {
  readonly dir?: string
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
}

type Verb = (context: CommandContext) => Promise<ExitCode>

/** Does what the arguments say. Prints; never throws. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let verb: Verb | undefined
  const program = describe((chosen) => (verb = chosen))
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.completed : EXIT.usage
  }
  const { dir, json = false, quiet = false, verbose = false } = program.opts<GlobalOptions>()
  const terminal = new Terminal({ json, quiet, verbose })
  globalThis.console = terminal.asConsole()
  return (await ended(terminal, verb, dir)) ?? EXIT.completed
}

async function ended(
  terminal: Terminal,
  verb: Verb | undefined,
  dir: string | undefined,
): Promise<ExitCode | undefined> {
  const stuck = (): void => {
    terminal.error(
      'Nothing is left to wait for, and this is not done: a file awaits something that never comes (at its top level?)',
    )
    process.exit(EXIT.usage)
  }
  process.once('beforeExit', stuck)
  try {
    if (dir === '') throw usageError('--dir needs a directory')
    return await verb?.({ terminal, dir })
  } catch (error) {
    const { exitCode, message, code } = failureOf(error)
    if (terminal.json) terminal.printJson({ error: { code, message } })
    terminal.error(message)
    terminal.details(error)
    return exitCode
  } finally {
    process.off('beforeExit', stuck)
    await terminal.flush()
  }
}

function describe(choose: (verb: Verb) => void): Command {
  const program = new Command('ai-workflows')
    .description('Runs durable parallel workflows, and looks after their runs.')
    .version(version())
    .option('--dir <directory>', 'where the runs are kept (default: $AI_WORKFLOWS_DIR, else .ai-workflows)')
    .option('--json', 'the result as JSON on standard output')
    .option('-q, --quiet', 'no progress and no notes')
    .option('--verbose', 'stack traces and causes of errors (also: DEBUG=1)')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addHelpText('after', `\n${EXIT_HELP}`)
    .exitOverride()
  addExecuting(program, choose)
  addReading(program, choose)
  addWatching(program, choose)
  addServing(program, choose)
  addSending(program, choose)
  addKeeping(program, choose)
  return program
}

const FILE = [
  '--file <file>',
  'where the code of the run is now, if not in the file it was started from',
] as const

function addExecuting(program: Command, choose: (verb: Verb) => void): void {
  program
    .command('run <file>')
    .description(
      'run a workflow of a TypeScript or JavaScript file; the same command again goes on with an unfinished run',
    )
    .option('--workflow <name>', 'which one, if the file has several')
    .option('--input <json>', 'the input: JSON, @file, or - for standard input')
    .option('--id <id>', 'identity of the run: an id that exists is gone on with, or its result told')
    .option('--new', 'start anew, even if the same command left an unfinished run')
    .addOption(new Option('--engine <engine>', 'where, if not in this process').choices(['restate']))
    .option('--ingress <url>', 'where Restate takes requests, such as http://localhost:8080')
    .option('--admin <url>', 'its admin address, to notice a run that is blocked')
    .action((file: string, options: RunOptions) =>
      choose(async (context) =>
        options.engine === 'restate'
          ? (await onDemand(() => import('./commands/run-on-restate.ts'))).runOnRestate(
              context,
              file,
              options,
            )
          : await run(context, file, options),
      ),
    )
  program
    .command('work <files...>')
    .description(
      'execute runs of the workflows in these files, whoever started them, until Ctrl-C; any number of processes may',
    )
    .option('--concurrency <n>', 'most runs at once; those that only wait do not count', positiveInteger, 100)
    .action((files: string[], options: WorkOptions) => choose((context) => work(context, files, options)))
  program
    .command('resume [id]')
    .description('go on with a run, or with all that are unfinished and that nobody executes')
    .option(...FILE)
    .action((id: string | undefined, options: CodeOptions) =>
      choose((context) => resume(context, id, options)),
    )
  program
    .command('retry <id>')
    .description('execute a failed, cancelled or blocked run again; steps that succeeded are not repeated')
    .option('--from <step>', 'do this step again, and all that was recorded after it; of a completed run too')
    .option(...FILE)
    .action((id: string, options: RetryCommandOptions) => choose((context) => retry(context, id, options)))
  program
    .command('fork <id>')
    .description('start another run with what this one has recorded, which is left as it is')
    .option('--from <step>', 'only with what was recorded before this step')
    .option('--input <json>', 'another input: JSON, @file, or - for standard input')
    .option('--id <id>', 'identity of the new run')
    .option(...FILE)
    .action((id: string, options: ForkCommandOptions) => choose((context) => fork(context, id, options)))
}

function addReading(program: Command, choose: (verb: Verb) => void): void {
  program
    .command('list')
    .description('the runs, newest first')
    .addOption(new Option('--status <status...>', 'only these').choices(SHOWN_STATUSES))
    .option('--workflow <name>', 'only runs of this workflow')
    .option('--limit <n>', 'at most so many', positiveInteger, 20)
    .option('--all', 'also runs that other runs started')
    .action((options: ListOptions & { status?: readonly ShownStatus[] }) =>
      choose((context) => list(context, options)),
    )
  program
    .command('show <id>')
    .description('all that is recorded of a run')
    .option('--all', 'every step, and values in full')
    .option('--timeline', 'what ran when, and why the whole took as long as it did')
    .option('--svg <file>', 'that as a picture, light or dark as its reader likes')
    .option('--mermaid', 'that as a gantt chart for pages that draw Mermaid')
    .action((id: string, options: ShowOptions) => choose((context) => show(context, id, options)))
}

function addWatching(program: Command, choose: (verb: Verb) => void): void {
  program
    .command('watch <id>')
    .description(
      'show how a run comes along, whoever executes it, until it has ended; Ctrl-C leaves, and the run goes on',
    )
    .option('--all', 'every operation in the timeline at its end')
    .action((id: string, options: WatchOptions) => choose((context) => watch(context, id, options)))
}

function addServing(program: Command, choose: (verb: Verb) => void): void {
  program
    .command('serve <files...>')
    .description('execute runs of the workflows in these files for a Restate server, until Ctrl-C')
    .requiredOption('--restate <url>', 'its admin address, such as http://localhost:9070')
    .option('--port <n>', 'where Restate calls this process; 0 takes a free one', portNumber, 9080)
    .option('--host <address>', 'the address to listen at (default: every one of this machine)')
    .option('--address <url>', 'how Restate reaches this process (default: http://localhost:<port>)')
    .action((files: string[], options: ServeOptions) => {
      choose(async (context) =>
        (await onDemand(() => import('./commands/serve.ts'))).serve(context, files, options),
      )
    })
  program
    .command('ui [files...]')
    .description(
      'show the runs in a web page, until Ctrl-C; workflows of the files can be started and retried there',
    )
    .option('--port <n>', 'where to listen (default: 7373, or the next that is free)', portNumber)
    .option('--host <address>', 'other than this machine alone only together with --token', '127.0.0.1')
    .option('--token <token>', 'whoever looks must have it')
    .option('--no-open', 'do not open the browser')
    .action((files: string[], options: UiOptions) => {
      // Loaded when it is asked for: no other command needs a server.
      choose(async (context) => (await import('./commands/ui.ts')).ui(context, files, options))
    })
}

/** Restate's SDK is an optional peer. */
async function onDemand<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw usageError('This needs the SDK of Restate: npm install @restatedev/restate-sdk', error)
  }
}

function addSending(program: Command, choose: (verb: Verb) => void): void {
  program
    .command('cancel <id>')
    .description('cancel a run, whoever executes it, and wait until it has ended')
    .option('--reason <text>', 'what the workflow is told')
    .option('--no-wait', 'only ask the process that executes it')
    .option(...FILE)
    .action((id: string, options: CancelOptions) => choose((context) => cancel(context, id, options)))
  program
    .command('signal <id> <event> [payload]')
    .description('send an event to a run; the payload is JSON, @file, or - for standard input')
    .action((id: string, event: string, payload: string | undefined) =>
      choose((context) => signal(context, id, event, payload)),
    )
}

function addKeeping(program: Command, choose: (verb: Verb) => void): void {
  program
    .command('prune')
    .description('delete runs that ended some time ago, each with the runs that it started')
    .requiredOption('--keep <duration>', 'how long ended runs are kept: 12h, 30d, 8w')
    .addOption(new Option('--status <status...>', 'only these').choices(PRUNED_STATUSES))
    .option('--dry-run', 'only tell how many')
    .action((options: PruneOptions) => choose((context) => prune(context, options)))
  program
    .command('backup <file>')
    .description('copy the run database, while it is in use, to a file that does not exist yet')
    .action((file: string) => choose((context) => backup(context, file)))
  program
    .command('vacuum')
    .description('give the free space of the run database back to the disk')
    .option('--full', 'rewrite the whole file; everything else waits')
    .action((options: VacuumOptions) => choose((context) => vacuum(context, options)))
  program
    .command('doctor')
    .description('examine the run database, and say what is wrong with it')
    .action(() => choose(doctor))
}

function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number of at least 1.')
  return value
}

function portNumber(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= 65_535)) throw new InvalidArgumentError('Expected a whole number from 0 to 65535.')
  return value
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')) as {
    version: string
  }
  return manifest.version
}
