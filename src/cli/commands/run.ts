import { randomUUID } from 'node:crypto'
import type { WorkflowCode } from '../../core/definition.ts'
import { ENDED, type RunRecord } from '../../core/ports/store.ts'
import { sameValue } from '../../core/same-value.ts'
import { validate } from '../../core/schema.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readJson } from '../input.ts'
import { execute, type TakenRuns } from '../runs/execute.ts'
import { eachRun, requireIdle, requireName } from '../runs/look-up.ts'
import { presentOne } from '../runs/present.ts'
import { printable } from '../text/printable.ts'
import { fullTimeText } from '../text/units.ts'
import { chooseWorkflow, loadWorkflowFile } from '../workflows/workflow-file.ts'

export interface RunOptions {
  readonly workflow?: string
  readonly input?: string
  readonly id?: string
  readonly new?: boolean
  /** Default: the embedded one. */
  readonly engine?: 'restate'
  readonly ingress?: string
  readonly admin?: string
}

interface Start {
  readonly code: WorkflowCode
  readonly input: unknown
  readonly source: string
}

/** `run <file>`: starts a run, or takes up the one that the same command began, and waits for its result. */
export async function run(context: CommandContext, file: string, options: RunOptions): Promise<ExitCode> {
  if (options.id !== undefined) requireName(options.id, '--id')
  const input = await readJson(options.input, '--input')
  const executed = await execute(context, async (engine, runs) => {
    const loaded = await loadWorkflowFile(file)
    const code = chooseWorkflow(loaded, options.workflow)
    const start: Start = { code, input, source: loaded.path }
    if (options.id !== undefined) await startAs(context, engine, runs, start, options.id)
    else if (options.new === true || !(await takeUpEarlier(context, engine, runs, start)))
      await startNew(engine, runs, start)
  })
  return presentOne(context, executed)
}

function startNew(
  engine: EmbeddedEngine,
  runs: TakenRuns,
  { code, input, source }: Start,
  id: string = randomUUID(),
): Promise<void> {
  return runs.take(code, id, () => engine.start(code, input as never, { id, source }))
}

/** An id that exists names a run of the same workflow and input (M12): it is gone on with, or its result told. */
async function startAs(
  { terminal }: CommandContext,
  engine: EmbeddedEngine,
  runs: TakenRuns,
  start: Start,
  id: string,
): Promise<void> {
  const record = await engine.lookUp(id)
  if (record !== undefined) await requireIdle(engine, record)
  await startNew(engine, runs, start, id)
  if (record !== undefined && ENDED.has(record.status))
    terminal.note(
      `Run ${printable(id)} has ${record.status === 'cancelled' ? 'been cancelled' : record.status} before: nothing was executed`,
    )
}

/** The same command resumes: an unfinished run of the same workflow, file and input is gone on with. */
async function takeUpEarlier(
  { terminal }: CommandContext,
  engine: EmbeddedEngine,
  runs: TakenRuns,
  start: Start,
): Promise<boolean> {
  const { code } = start
  const earlier = await findEarlier(engine, start)
  if (earlier === undefined) return false
  const began = fullTimeText(earlier.createdAt)
  terminal.note(
    `Going on with run ${printable(earlier.id)}, which the same command began at ${began}. To start anew, add --new`,
  )
  let taken = false
  await runs.take(code, earlier.id, async () => (taken = await engine.takeUp(code, earlier)))
  if (!taken) terminal.note(`Another process was faster: waiting for its result`)
  return true
}

async function findEarlier(
  engine: EmbeddedEngine,
  { code, input, source }: Start,
): Promise<RunRecord | undefined> {
  if (code.name === undefined) return undefined
  const checked = await validate(code.definition.input, input, 'The input')
  const { codec } = engine
  const encoded = codec.encode(checked, 'input')
  const filter = {
    workflow: code.name,
    status: ['pending', 'running', 'waiting', 'blocked'],
    parent: null,
  } as const
  for await (const record of eachRun(engine, filter))
    if (
      record.source === source &&
      sameValue(codec, record.input, encoded) &&
      !(await engine.isRunning(record))
    )
      return record
  return undefined
}
