import { RunNotFoundError } from '../../core/errors.ts'
import type { Owner, RunFilter, RunRecord } from '../../core/ports/store.ts'
import { name as checkName } from '../../core/check.ts'
import { runsFile } from '../../create-engine.ts'
import { eachRun as eachListed } from '../../engine/each-run.ts'
import type { EmbeddedEngine } from '../../engine/embedded-engine.ts'
import { type CommandContext, databaseExists } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { CommandError, usageError } from '../failure.ts'
import { printable } from '../text/printable.ts'

/** Checks a name or an id as the library does, and says it as a user of the command line needs it. */
export function requireName(value: string, what: string): void {
  try {
    checkName(value, what)
  } catch (error) {
    throw usageError((error as Error).message)
  }
}

/** @throws {RunNotFoundError} also when there has never been a run */
export async function requireRun(
  context: CommandContext,
  engine: EmbeddedEngine,
  id: string,
): Promise<RunRecord> {
  requireName(id, 'The id of a run')
  const record = databaseExists(context) ? await engine.lookUp(id) : undefined
  if (record === undefined) throw new RunNotFoundError(id, runsFile(context.dir))
  return record
}

/** Every run that fits, newest first. */
export function eachRun(engine: EmbeddedEngine, filter: RunFilter): AsyncGenerator<RunRecord> {
  return eachListed({ listRuns: (...page) => engine.list(...page) }, filter)
}

/** The run at the top, of which this one is a child, or a child's child. Itself if it has no parent. */
export async function rootOf(engine: EmbeddedEngine, record: RunRecord): Promise<RunRecord> {
  let at = record
  for (;;) {
    const parent = at.parent === undefined ? undefined : await engine.lookUp(at.parent.id)
    if (parent === undefined) return at
    at = parent
  }
}

/** @throws {CommandError} a live process executes it */
export async function requireIdle(engine: EmbeddedEngine, record: RunRecord): Promise<void> {
  const owner = await engine.executorOf(record)
  if (owner !== undefined)
    throw new CommandError(
      EXIT.conflict,
      `Run ${printable(record.id)} is being executed by ${processText(owner)}`,
    )
}

export function processText({ pid, host }: Owner): string {
  return `process ${pid} on ${printable(host)}`
}
