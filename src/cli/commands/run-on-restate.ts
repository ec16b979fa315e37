import { restate } from '../../restate/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { readJson } from '../input.ts'
import { Interruption } from '../interruption.ts'
import { requireName } from '../runs/look-up.ts'
import { type Outcome, outcomeOf } from '../runs/outcome.ts'
import { presentOne } from '../runs/present.ts'
import { printable } from '../text/printable.ts'
import { chooseWorkflow, loadWorkflowFile } from '../workflows/workflow-file.ts'
import type { RunOptions } from './run.ts'

/** `run <file> --engine restate`: starts a run there, and waits for its result. Ctrl-C leaves, and the run goes on. */
export async function runOnRestate(
  context: CommandContext,
  file: string,
  { ingress, admin, id, workflow, input }: RunOptions,
): Promise<ExitCode> {
  const { terminal } = context
  if (ingress === undefined)
    throw usageError('--engine restate needs to know where: add --ingress http://localhost:8080')
  if (id !== undefined) requireName(id, '--id')
  const value = await readJson(input, '--input')
  const code = chooseWorkflow(await loadWorkflowFile(file), workflow)
  const interruption = new Interruption(() => undefined)
  try {
    const engine = checked(() => restate({ ingress, ...(admin === undefined ? {} : { admin }) }))
    const handle = await engine.start(code, value as never, id === undefined ? {} : { id }).catch(asUsage)
    const shown = printable(handle.id)
    terminal.note(`Run ${shown} of workflow ${JSON.stringify(code.name)} is under way at ${ingress}`)
    const left = interruption.happened.then(() => undefined)
    const outcome = await Promise.race([outcomeOf(handle, code.name), left])
    if (outcome !== undefined) return present(context, outcome)
    terminal.note(`Left run ${shown}, which goes on. To wait for it: the same command with --id ${shown}`)
    return EXIT.interrupted
  } finally {
    interruption.end()
  }
}

function present(context: CommandContext, outcome: Outcome): ExitCode {
  return presentOne(context, { outcomes: [outcome], cut: undefined, why: [] })
}

function checked<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    return asUsage(error)
  }
}

/** A workflow that Restate does not take, an address that is none. */
function asUsage(error: unknown): never {
  throw error instanceof TypeError ? usageError(error.message, error) : error
}
