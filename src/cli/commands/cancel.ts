import type { WorkflowCode } from '../../core/definition.ts'
import { WorkflowNotFoundError } from '../../core/errors.ts'
import { ENDED, type RunRecord } from '../../core/ports/store.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import { type CommandContext, hint, withEngine } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CommandError, failureOf } from '../failure.ts'
import { CodeFinder } from '../runs/code.ts'
import { execute } from '../runs/execute.ts'
import { processText, requireRun } from '../runs/look-up.ts'
import { exitCodeOf, explain, type Outcome, outcomeOf } from '../runs/outcome.ts'
import { printable } from '../text/printable.ts'

export interface CancelOptions {
  readonly reason?: string
  readonly file?: string
  /** `--no-wait`: false. */
  readonly wait: boolean
}

/** How the request was met: the run has ended, or will hear of it later. */
type Result = Outcome | 'requested' | 'cancelled before'

/**
 * `cancel <id>`: asks the process that executes the run. When there is none the run is executed here, so that its code
 * can clean up; only a blocked one, whose code does not fit, ends without it.
 */
export async function cancel(context: CommandContext, id: string, options: CancelOptions): Promise<ExitCode> {
  const result = await request(context, id, options)
  const { terminal } = context
  const status =
    typeof result === 'string' ? (result === 'requested' ? 'requested' : 'cancelled') : result.status
  if (terminal.json) terminal.printJson({ id, status })
  if (typeof result === 'string') return EXIT.completed
  if (result.status === 'cancelled') {
    terminal.note(`Run ${printable(id)} is cancelled`)
    return EXIT.completed
  }
  if (result.status === 'completed') {
    terminal.error(`Run ${printable(id)} completed all the same`)
    return EXIT.conflict
  }
  explain(context, result)
  if (result.status === 'blocked')
    terminal.note(`Or end it without executing its code: ${hint(context, 'cancel', id)}`)
  return exitCodeOf(result)
}

async function request(context: CommandContext, id: string, options: CancelOptions): Promise<Result> {
  const { terminal } = context
  const plan = await withEngine(context, async (engine): Promise<Result | WorkflowCode> => {
    const record = await requireRun(context, engine, id)
    if (record.status === 'cancelled') {
      terminal.note(`Run ${printable(id)} was cancelled before`)
      return 'cancelled before'
    }
    if (ENDED.has(record.status))
      throw new CommandError(
        EXIT.conflict,
        `Run ${printable(id)} has ${record.status}: there is nothing to cancel`,
      )
    if (await engine.isRunning(record)) return await askOwner(context, engine, record, options)
    if (record.status === 'blocked') return await endBlocked(engine, record, options)
    return (
      (await codeToCleanUp(context, record, options)) ??
      (await leaveRequest(context, engine, record, options))
    )
  })
  if (typeof plan === 'string' || 'status' in plan) return plan
  const { outcomes, cut } = await execute(context, (engine, runs) =>
    runs.take(plan, id, () => engine.get(plan, id).cancel(options.reason)),
  )
  return outcomes[0] ?? { id, workflow: plan.name, status: 'interrupted', error: cut }
}

async function askOwner(
  { terminal }: CommandContext,
  engine: EmbeddedEngine,
  record: RunRecord,
  options: CancelOptions,
): Promise<Result> {
  const { id, workflow } = record
  const owner = await engine.executorOf(record)
  const handle = engine.find(id)
  await handle.cancel(options.reason)
  terminal.note(`Asked ${owner === undefined ? 'for it' : processText(owner)} to cancel run ${printable(id)}`)
  if (!options.wait) return 'requested'
  const outcome = await outcomeOf(handle, workflow)
  // Its process went away before it was done: the request stays for whoever takes the run up.
  return outcome.status === 'interrupted' && outcome.error instanceof WorkflowNotFoundError
    ? 'requested'
    : outcome
}

/** Its code cannot be executed, so none is needed. */
async function endBlocked(
  engine: EmbeddedEngine,
  { id, workflow }: RunRecord,
  { reason }: CancelOptions,
): Promise<Result> {
  await engine.find(id).cancel(reason)
  return await outcomeOf(engine.find(id), workflow)
}

/** Undefined when the run cannot be executed here, and so cannot clean up now. */
async function codeToCleanUp(
  { terminal }: CommandContext,
  record: RunRecord,
  { file }: CancelOptions,
): Promise<WorkflowCode | undefined> {
  if (record.parent !== undefined) return undefined
  try {
    return await new CodeFinder(file).codeOf(record)
  } catch (error) {
    terminal.warn(failureOf(error).message)
    terminal.details(error)
    return undefined
  }
}

async function leaveRequest(
  context: CommandContext,
  engine: EmbeddedEngine,
  { id }: RunRecord,
  { reason }: CancelOptions,
): Promise<Result> {
  await engine.find(id).cancel(reason)
  context.terminal.note(
    `The request is recorded. Nobody executes run ${printable(id)} now; it is cancelled as soon as it goes on: ${hint(context, 'resume', id)}`,
  )
  return 'requested'
}
