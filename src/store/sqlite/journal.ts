/** Verbs: read what a run has recorded. */
import type { JournalEntry, Store } from '../../core/ports/store.ts'
import type { StoreError } from '../../core/errors.ts'
import { quote } from '../../core/errors.ts'
import type { Access } from './access.ts'
import { checksum } from './checksum.ts'
import { corrupt } from './errors.ts'
import { isCompletion, type JournalRow, type NoteRow, toCompletion, toNote } from './rows.ts'
import { fromText } from './text.ts'

/** Bytes of payloads that a page has at most, but for its last: reading and decoding them takes a few milliseconds. */
const PAGE_BYTES = 256 * 1024

type Verbs = Pick<Store, 'readJournal' | 'surveyJournal' | 'readNotes'>

export function journalVerbs({ prepare, read, path }: Access): Verbs {
  const entries = prepare('SELECT * FROM journal WHERE run = ? AND seq > ? ORDER BY seq')
  // The columns before `payload` are in the row's first page, however large that is.
  const survey = prepare(`
    SELECT count(*) AS entries,
      count(*) FILTER (WHERE kind = 'step-done' OR (kind = 'step-failed' AND retry_at IS NULL)) AS steps,
      count(*) FILTER (WHERE kind = 'cancel-requested') AS requests
    FROM journal WHERE run = ? AND seq > ? AND seq <= ?`)
  const notes = prepare(`
    SELECT key, at, kind, attempt, due FROM notes
    WHERE run = :no AND id > (SELECT notes_base FROM runs WHERE no = :no) ORDER BY id`)
  const idOf = prepare('SELECT id FROM runs WHERE no = ?')

  const damaged = (no: number, what: string): StoreError => {
    const row = idOf.get(no) as { id: string } | undefined
    const run = row === undefined ? `number ${no}` : quote(fromText(row.id))
    return corrupt(path, `is damaged: in the journal of run ${run}, ${what}`)
  }

  /** Replaying a journal with a hole or a changed byte in it would silently do something else. */
  const checked = (row: JournalRow, expected: number): JournalEntry => {
    if (row.seq !== expected) throw damaged(row.run, `entry ${expected} is not there`)
    if (row.crc !== checksum(row)) throw damaged(row.run, `entry ${row.seq} is not what was written`)
    if (!isCompletion(row))
      throw damaged(row.run, `entry ${row.seq} (${quote(row.kind)}) is none that this version knows`)
    return { seq: row.seq, completion: toCompletion(row) }
  }

  const page = (no: number, after: number, limit: number): JournalEntry[] => {
    const found: JournalEntry[] = []
    let bytes = 0
    for (const row of entries.iterate(no, after) as unknown as Iterable<JournalRow>) {
      found.push(checked(row, after + found.length + 1))
      bytes += row.payload?.length ?? 0
      if (found.length >= limit || bytes >= PAGE_BYTES) break
    }
    return found
  }

  return {
    readJournal: (no, after, limit) =>
      read(() =>
        limit === undefined
          ? (entries.all(no, after) as unknown as JournalRow[]).map((row, index) =>
              checked(row, after + index + 1),
            )
          : page(no, after, limit),
      ),
    surveyJournal: (no, after, limit) =>
      read(() => {
        const row = survey.get(no, after, after + limit) as {
          entries: number
          steps: number
          requests: number
        }
        return { entries: row.entries, steps: row.steps, cancelled: row.requests > 0 }
      }),
    readNotes: (no) => read(() => (notes.all({ no }) as unknown as NoteRow[]).map(toNote)),
  }
}
