/**
 * A checksum over everything in a journal row: SQLite's own checks do not notice a flipped byte in a value. Its place
 * (run, seq) is part of it, so that a row which turns up elsewhere is noticed too. Computed over what is stored.
 */
import { crc32 } from 'node:zlib'
import type { JournalRow } from './rows.ts'

export function checksum(row: Omit<JournalRow, 'crc'>): number {
  const { run, seq, kind, key, at, attempt, started_at, retry_at, name, payload } = row
  const length = payload === null ? null : payload.length
  // As `JSON.stringify` writes an array of all these, which takes three times as long.
  const rest = `[${run},${seq},${text(kind)},${text(key)},${at},${attempt},${started_at},${retry_at},${text(name)},${length}]`
  // Apart, because a payload can be large: nothing of it is copied into the JSON.
  return crc32(payload ?? '', crc32(rest))
}

function text(value: string | null): string {
  return value === null ? 'null' : JSON.stringify(value)
}
