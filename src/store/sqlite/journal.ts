/** Verbs: read what a run has recorded. */
import type { JournalEntry, Store } from '../../core/ports/store.ts'
import type { StoreError } from '../../core/errors.ts'
import { quote } from '../../core/errors.ts'
import type { Access } from './access.ts'
import { checksum } from './checksum.ts'
import { corrupt } from './errors.ts'
import { isCompletion, type JournalRow, type NoteRow, toCompletion, toNote } from './rows.ts'
import { fromText } from './text.ts'

export function journalVerbs({ prepare, read, path }: Access): Pick<Store, 'readJournal' | 'readNotes'> {
  const entries = prepare('SELECT * FROM journal WHERE run = ? AND seq > ? ORDER BY seq')
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

  return {
    readJournal: (no, after) =>
      read(() =>
        (entries.all(no, after) as unknown as JournalRow[]).map((row, index) =>
          checked(row, after + index + 1),
        ),
      ),
    readNotes: (no) => read(() => (notes.all({ no }) as unknown as NoteRow[]).map(toNote)),
  }
}
