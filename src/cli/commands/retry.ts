import { ENDED } from '../../core/ports/store.ts'
import { type CommandContext, hint } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CommandError, usageError } from '../failure.ts'
import { CodeFinder } from '../runs/code.ts'
import { execute } from '../runs/execute.ts'
import { requireIdle, requireRun, rootOf } from '../runs/look-up.ts'
import { presentOne } from '../runs/present.ts'
import { printable } from '../text/printable.ts'
import { type CodeOptions, goOnWith } from './resume.ts'

export interface RetryCommandOptions extends CodeOptions {
  readonly from?: string
}

/**
 * `retry <id>`: executes a failed, cancelled or blocked run again, without repeating the steps that succeeded; with
 * `--from`, those before that step.
 */
export async function retry(
  context: CommandContext,
  id: string,
  { file, from }: RetryCommandOptions,
): Promise<ExitCode> {
  if (from === '') throw usageError('--from needs the key of a step')
  const finder = new CodeFinder(file)
  const executed = await execute(context, async (engine, runs) => {
    const record = await requireRun(context, engine, id)
    const shown = printable(id)
    if (record.parent !== undefined) {
      const root = await rootOf(engine, record)
      throw new CommandError(
        EXIT.conflict,
        `Run ${shown} is a child of run ${printable(root.id)}: retry that one, ${hint(context, 'retry', root.id)}`,
      )
    }
    if (record.status === 'completed' && from === undefined)
      throw new CommandError(EXIT.conflict, `Run ${shown} has completed: there is nothing to retry`)
    if (from === undefined && !ENDED.has(record.status)) return await goOnWith(engine, runs, record, finder)
    await requireIdle(engine, record)
    const code = await finder.codeOf(record)
    const options = from === undefined ? {} : { fromStep: from }
    await runs.take(code, id, () => engine.get(code, id).retry(options))
  })
  return presentOne(context, executed)
}
