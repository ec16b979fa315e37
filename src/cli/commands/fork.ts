import { randomUUID } from 'node:crypto'
import type { CommandContext } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { readJson } from '../input.ts'
import { CodeFinder } from '../runs/code.ts'
import { execute } from '../runs/execute.ts'
import { requireName, requireRun } from '../runs/look-up.ts'
import { presentOne } from '../runs/present.ts'
import { printable } from '../text/printable.ts'
import type { CodeOptions } from './resume.ts'

export interface ForkCommandOptions extends CodeOptions {
  readonly from?: string
  readonly input?: string
  readonly id?: string
}

/** `fork <id>`: executes another run that begins with what this one has recorded. */
export async function fork(
  context: CommandContext,
  id: string,
  { file, from, input, id: given }: ForkCommandOptions,
): Promise<ExitCode> {
  if (given !== undefined) requireName(given, '--id')
  if (from === '') throw usageError('--from needs the key of a step')
  const another = input === undefined ? {} : { input: await readJson(input, '--input') }
  const finder = new CodeFinder(file)
  const executed = await execute(context, async (engine, runs) => {
    const record = await requireRun(context, engine, id)
    const code = await finder.codeOf(record)
    const forked = given ?? randomUUID()
    const options = { id: forked, ...another, ...(from === undefined ? {} : { fromStep: from }) }
    await runs.take(code, forked, () => engine.get(code, id).fork(options))
    context.terminal.note(`Run ${printable(forked)} is a fork of run ${printable(id)}`)
  })
  return presentOne(context, executed)
}
