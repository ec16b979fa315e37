/**
 * A checksum over everything in a journal row: SQLite's own checks do not notice a flipped byte in a value. Its place
 * (run, seq) is part of it, so that a row which turns up elsewhere is noticed too. Computed over what is stored.
 */
import { crc32 } from 'node:zlib'
import type { JournalRow } from './rows.ts'

export function checksum(row: Omit<JournalRow, 'crc'>): number {
  const { run, seq, kind, key, at, attempt, started_at, retry_at, name, payload } = row
  const rest = [run, seq, kind, key, at, attempt, started_at, retry_at, name, payload?.length ?? null]
  // Apart, because a payload can be large: nothing of it is copied into the JSON.
  return crc32(payload ?? '', crc32(JSON.stringify(rest)))
}
