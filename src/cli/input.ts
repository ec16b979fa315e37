import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseJson } from '../core/codec/parse-json.ts'
import { messageOf } from '../core/errors.ts'
import { usageError } from './failure.ts'

/**
 * JSON from the command line, from a file (`@path`) or from standard input (`-`).
 * @param what as the user wrote it: `--input`
 * @throws {CommandError} it cannot be read, or is not JSON
 */
export async function readJson(given: string | undefined, what: string): Promise<unknown> {
  if (given === undefined) return undefined
  const { from, content } = await read(given, what)
  try {
    return parseJson(content.replace(/^\ufeff/, ''))
  } catch (error) {
    const hint = from === what ? ` (a text needs quotes inside the shell's: '"text"')` : ''
    throw usageError(`${from} is not JSON: ${messageOf(error)}${hint}`)
  }
}

async function read(given: string, what: string): Promise<{ from: string; content: string }> {
  if (given === '-') return { from: 'Standard input', content: await text(process.stdin) }
  if (!given.startsWith('@')) return { from: what, content: given }
  const path = given.slice(1)
  try {
    return { from: `${what} file ${path}`, content: await readFile(path, 'utf8') }
  } catch (error) {
    throw usageError(`${what} file ${path} cannot be read: ${messageOf(error)}`)
  }
}
