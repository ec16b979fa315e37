/** How an entry of a journal is written: with its checksum, whoever writes it, and whether its payload is in pieces or not. */
import type { Completion } from '../../core/ports/effects.ts'
import type { Access } from './access.ts'
import { checksum } from './checksum.ts'
import { fromCompletion } from './rows.ts'

export function entryWriter(
  prepare: Access['prepare'],
): (run: number, seq: number, completion: Completion, reference?: string) => void {
  const insert = prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  return (run, seq, completion, reference) => {
    const row = fromCompletion(run, seq, completion, reference)
    const { kind, key, at, attempt, started_at, retry_at, name, payload } = row
    insert.run(run, seq, kind, key, at, attempt, started_at, retry_at, name, payload, checksum(row))
  }
}
