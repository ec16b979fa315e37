import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const USAGE = 'usage: npm start -- [directory] [--concurrency number] [--new]'

/** The user's mistake: a message is enough, a stack helps nobody. */
export class UsageError extends Error {}

export interface Arguments {
  /** The directory whose packages are audited. */
  readonly root: string
  /** How many packages are read at once. */
  readonly concurrency: number
  /** Begin anew, even if there is an audit to continue. */
  readonly fresh: boolean
}

/** @throws {UsageError} */
export function readArguments(given: readonly string[]): Arguments {
  const { values, positionals } = parse(given)
  const concurrency = Number(values.concurrency)
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new UsageError(
      `--concurrency: expected a whole number of at least 1, got ${values.concurrency}\n${USAGE}`,
    )
  if (positionals.length > 1)
    throw new UsageError(
      `expected one directory, got ${positionals.length}: ${positionals.join(' ')}\n${USAGE}`,
    )
  const root = resolve(positionals[0] ?? '.')
  if (!statSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(
      `There is no node_modules in ${root}: install its packages first, or name another directory\n${USAGE}`,
    )
  return { root, concurrency, fresh: values.new }
}

function parse(given: readonly string[]) {
  try {
    return parseArgs({
      args: [...given],
      allowPositionals: true,
      options: { new: { type: 'boolean', default: false }, concurrency: { type: 'string', default: '16' } },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}
