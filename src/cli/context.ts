import { statSync } from 'node:fs'
import { setDefaultEngine } from '../core/default-engine.ts'
import { createEngine, runsFile } from '../create-engine.ts'
import type { EmbeddedEngine } from '../engine/embedded-engine.ts'
import { EXIT } from './exit-codes.ts'
import { CommandError } from './failure.ts'
import type { Terminal } from './terminal.ts'
import { printable, shellWord } from './text/printable.ts'

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal
  /** `--dir`, as it was written. */
  readonly dir: string | undefined
}

/** The engine of the command, and of everything that a loaded file starts by itself. */
export function openEngine({ dir, terminal }: CommandContext): EmbeddedEngine {
  const engine = createEngine({ log: terminal.logger, ...(dir === undefined ? {} : { dir }) })
  setDefaultEngine(engine)
  return engine
}

/** For commands that execute nothing. */
export async function withEngine<T>(
  context: CommandContext,
  body: (engine: EmbeddedEngine) => Promise<T>,
): Promise<T> {
  const engine = openEngine(context)
  try {
    return await body(engine)
  } finally {
    await engine.stop({ grace: 0 })
  }
}

/** False when there has never been a run: those who only read must create nothing. */
export function databaseExists({ dir }: CommandContext): boolean {
  try {
    return statSync(runsFile(dir), { throwIfNoEntry: false }) !== undefined
  } catch {
    return true // Something is there that cannot be looked at: opening it says what.
  }
}

/** @throws {CommandError} there has never been a run */
export function requireDatabase(context: CommandContext): void {
  if (!databaseExists(context))
    throw new CommandError(EXIT.notFound, `There is no run database ${printable(runsFile(context.dir))}`)
}

/** A command to paste, for the same directory of runs. */
export function hint(
  { dir }: CommandContext,
  verb: string,
  id: string,
  options: readonly string[] = [],
): string {
  const where = dir === undefined ? options : [...options, '--dir', dir]
  // An id that begins like an option comes last, after the mark that there are no more options.
  const words = id.startsWith('-') ? [verb, ...where, '--', id] : [verb, id, ...where]
  return ['ai-workflows', ...words].map(shellWord).join(' ')
}
