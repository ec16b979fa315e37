import type { WorkflowCode } from '../../core/definition.ts'
import { messageOf } from '../../core/errors.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import { type CommandContext, hint, openEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { ProgressReporter } from '../progress/reporter.ts'
import { oneLine } from '../text/printable.ts'
import { RunView } from '../timeline/run-view.ts'
import { shortForm } from '../timeline/summary.ts'
import { type Outcome, outcomeOf } from './outcome.ts'

/** The runs that a command takes up. */
export class TakenRuns {
  readonly #engine: EmbeddedEngine
  readonly ids: Set<string> = new Set()
  readonly outcomes: Promise<Outcome>[] = []

  constructor(engine: EmbeddedEngine) {
    this.#engine = engine
  }

  /** Begins a run, shows its progress, and waits for it with the others. */
  async take(code: WorkflowCode, id: string, begin: () => Promise<unknown>): Promise<void> {
    this.ids.add(id)
    await begin()
    this.outcomes.push(outcomeOf(this.#engine.get(code, id), code.name))
  }
}

export interface Executed {
  /** In the order in which they were taken up. */
  readonly outcomes: readonly Outcome[]
  /** Set when something put an end to the command before the runs came to theirs. */
  readonly cut: ExitCode | undefined
  /** Of one run: what it took, and why. */
  readonly why: readonly string[]
}

/**
 * Executes runs in this process until each has come to an end. Ctrl-C, and an error in the workflows' code that
 * nobody handles, end that early and leave the runs resumable.
 * @param begin takes runs up
 */
export async function execute(
  context: CommandContext,
  begin: (engine: EmbeddedEngine, runs: TakenRuns) => Promise<void>,
): Promise<Executed> {
  const { terminal } = context
  const engine = openEngine(context)
  const runs = new TakenRuns(engine)
  const progress = new ProgressReporter(terminal, runs.ids)
  engine.on('*', (event) => progress.see(event))
  const interruption = new Interruption(() => progress.end())
  const crash = crashWatch()
  try {
    await progress.begin()
    const work = begin(engine, runs).then(() => Promise.all(runs.outcomes))
    const cause = await Promise.race([work.then(() => undefined), interruption.happened, crash.happened])
    if (cause === undefined) {
      const outcomes = await work
      return { outcomes, cut: undefined, why: await whyOf(context, engine, outcomes) }
    }
    work.catch(() => undefined) // `begin` fails because the engine has stopped
    const cut = await stop(context, engine, runs, cause)
    return { outcomes: await Promise.all(runs.outcomes), cut, why: [] }
  } finally {
    progress.end()
    await engine.stop({ grace: 0 })
    crash.end()
    interruption.end()
  }
}

/** To read more records than these takes longer than anybody waits for what was not asked for. */
const MOST_RECORDS = 100_000

/** A run whose records cannot be read has its result all the same. */
async function whyOf(
  context: CommandContext,
  engine: EmbeddedEngine,
  outcomes: readonly Outcome[],
): Promise<readonly string[]> {
  const [outcome] = outcomes
  const { json, options } = context.terminal
  if (outcome === undefined || outcomes.length > 1 || json || options.quiet) return []
  const { id } = outcome
  try {
    const record = await engine.lookUp(id)
    if (record === undefined) return []
    const more = await engine.journal(record, MOST_RECORDS, 1)
    if (more.length > 0) return [`What took how long: ${hint(context, 'show', id, ['--timeline'])}`]
    return shortForm(await new RunView(engine, id).timeline())
  } catch {
    return []
  }
}

/** What put an end to the command. */
type Cause = { readonly signal: NodeJS.Signals } | { readonly crash: unknown }

async function stop(
  { terminal }: CommandContext,
  engine: EmbeddedEngine,
  runs: TakenRuns,
  cause: Cause,
): Promise<ExitCode> {
  if ('signal' in cause) {
    if (runs.ids.size > 0)
      terminal.note('Stopping: running steps get 5 seconds to end (again to stop at once)')
    await engine.stop()
    return EXIT.interrupted
  }
  terminal.error(`An error that nobody handled, outside of every step: ${oneLine(messageOf(cause.crash))}`)
  terminal.details(cause.crash)
  // The code of the workflows is in no state to go on.
  await engine.stop({ grace: 0 })
  return EXIT.internal
}

/** Rejections that nobody handles are among them: Node.js raises those as exceptions. */
function crashWatch(): { readonly happened: Promise<Cause>; end(): void } {
  const { promise, resolve } = Promise.withResolvers<Cause>()
  const listener = (crash: unknown): void => resolve({ crash })
  process.on('uncaughtException', listener)
  return { happened: promise, end: () => void process.off('uncaughtException', listener) }
}
