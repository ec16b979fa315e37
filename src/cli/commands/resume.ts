import { ENDED, type RunRecord } from '../../core/ports/store.ts'
import { StoreError, WorkflowError } from '../../core/errors.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import { type CommandContext, databaseExists, hint } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CommandError, failureOf } from '../failure.ts'
import { CodeFinder } from '../runs/code.ts'
import { execute, type TakenRuns } from '../runs/execute.ts'
import { eachRun, requireIdle, requireRun, rootOf } from '../runs/look-up.ts'
import { presentAll, presentOne } from '../runs/present.ts'
import { printable } from '../text/printable.ts'
import { plural } from '../text/units.ts'

export interface CodeOptions {
  readonly file?: string
}

/** `resume [id]`: goes on with one run, or with all that are unfinished and that nobody executes. */
export async function resume(
  context: CommandContext,
  id: string | undefined,
  { file }: CodeOptions,
): Promise<ExitCode> {
  const code = new CodeFinder(file)
  if (id === undefined) return await resumeAll(context, code)
  return presentOne(
    context,
    await execute(context, (engine, runs) => resumeOne(context, engine, runs, id, code)),
  )
}

async function resumeOne(
  context: CommandContext,
  engine: EmbeddedEngine,
  runs: TakenRuns,
  id: string,
  code: CodeFinder,
): Promise<void> {
  const record = await toResume(context, engine, await requireRun(context, engine, id))
  if (record.status === 'failed' || record.status === 'cancelled') {
    const ended = record.status === 'failed' ? 'has failed' : 'was cancelled'
    throw new CommandError(
      EXIT.conflict,
      `Run ${printable(record.id)} ${ended}: to execute it again, ${hint(context, 'retry', record.id)}`,
    )
  }
  await goOnWith(engine, runs, record, code)
  if (record.status === 'completed')
    context.terminal.note(`Run ${printable(record.id)} has completed before: nothing was executed`)
}

/** Executes an unfinished or blocked run here. */
export async function goOnWith(
  engine: EmbeddedEngine,
  runs: TakenRuns,
  record: RunRecord,
  finder: CodeFinder,
): Promise<void> {
  await requireIdle(engine, record)
  const code = await finder.codeOf(record)
  await runs.take(code, record.id, async () => {
    if (ENDED.has(record.status) || (await engine.takeUp(code, record))) return
    const now = (await engine.lookUp(record.id)) ?? record
    await requireIdle(engine, now)
  })
}

/** Children are resumed through their parent, as long as that has not ended without them. */
async function toResume(
  { terminal }: CommandContext,
  engine: EmbeddedEngine,
  record: RunRecord,
): Promise<RunRecord> {
  const root = await rootOf(engine, record)
  if (root.id === record.id || ENDED.has(root.status) || ENDED.has(record.status)) return record
  terminal.note(`Run ${printable(record.id)} is a child of run ${printable(root.id)}: going on with that one`)
  return root
}

async function resumeAll(context: CommandContext, code: CodeFinder): Promise<ExitCode> {
  const { terminal } = context
  if (!databaseExists(context)) {
    if (terminal.json) terminal.printJson([])
    terminal.note('No runs yet')
    return EXIT.completed
  }
  const problems: ExitCode[] = []
  const executed = await execute(context, async (engine, runs) => {
    for await (const record of eachRun(engine, { status: ['pending', 'running', 'waiting'], parent: null })) {
      if (await engine.isRunning(record)) continue
      const problem = await attempt(() => goOnWith(engine, runs, record, code))
      if (problem === undefined) continue
      const { message, exitCode } = failureOf(problem)
      terminal.error(message)
      terminal.details(problem)
      problems.push(exitCode)
    }
    if (runs.outcomes.length === 0 && problems.length === 0)
      terminal.note('Nothing to resume: no run is unfinished and idle')
    await mentionBlocked(context, engine)
  })
  return presentAll(context, executed, problems)
}

/** One run that cannot be resumed, or read, does not keep the others from it. Errors of ours do. */
async function attempt(body: () => Promise<void>): Promise<CommandError | WorkflowError | undefined> {
  try {
    await body()
    return undefined
  } catch (error) {
    if (
      error instanceof CommandError ||
      (error instanceof StoreError && error.problem === 'corrupt') ||
      (error instanceof WorkflowError && error.code !== 'STORE' && error.code !== 'ENGINE_STOPPED')
    )
      return error
    throw error
  }
}

async function mentionBlocked(context: CommandContext, engine: EmbeddedEngine): Promise<void> {
  let count = 0
  let last = ''
  for await (const { id } of eachRun(engine, { status: ['blocked'], parent: null })) {
    count++
    last = id
  }
  if (count > 0)
    context.terminal.note(
      `${plural(count, 'run')} blocked, and left so: ${hint(context, 'resume', last)} tries again`,
    )
}
