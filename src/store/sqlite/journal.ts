/** Verbs: read what a run has recorded. */
import type { JournalEntry, Store } from '../../core/ports/store.ts'
import type { StoreError } from '../../core/errors.ts'
import { quote } from '../../core/errors.ts'
import type { Access } from './access.ts'
import { checksum } from './checksum.ts'
import { corrupt } from './errors.ts'
import { gather, pieceReader, type Reference, referenceIn } from './pieces.ts'
import {
  isCompletion,
  JOURNAL_COLUMNS,
  type JournalRow,
  type JournalValues,
  type NoteRow,
  toCompletion,
  toJournalRow,
  toNote,
} from './rows.ts'
import { fromText } from './text.ts'

/** Bytes of payloads that a page has at most, but for its last: reading and decoding them takes a few milliseconds. */
const PAGE_BYTES = 256 * 1024

/** Why there is no payload: its run was deleted meanwhile, or it is not what was written. */
const GONE = Symbol('gone')
const DAMAGED = Symbol('damaged')

type Verbs = Pick<Store, 'readJournal' | 'surveyJournal' | 'readNotes'>

export function journalVerbs(access: Access): Verbs {
  const { prepare, read } = access
  const entries = prepare(`SELECT ${JOURNAL_COLUMNS} FROM journal WHERE run = ? AND seq > ? ORDER BY seq`)
  entries.setReturnArrays(true)
  // The columns before `payload` are in the row's first page, however large that is.
  const survey = prepare(`
    SELECT count(*) AS entries,
      count(*) FILTER (WHERE kind = 'step-done' OR (kind = 'step-failed' AND retry_at IS NULL)) AS steps,
      count(*) FILTER (WHERE kind = 'cancel-requested') AS requests
    FROM journal WHERE run = ? AND seq > ? AND seq <= ?`)
  const notes = prepare(`
    SELECT key, at, kind, attempt, due, detail FROM notes
    WHERE run = :no AND id > (SELECT notes_base FROM runs WHERE no = :no) ORDER BY id`)

  const { checked, changed } = checks(access)

  /** What is in pieces is a page of its own: whoever needs what is before it does not wait for it. */
  const page = (no: number, after: number, limit: number): JournalRow[] => {
    const found: JournalRow[] = []
    let bytes = 0
    for (const values of entries.iterate(no, after) as unknown as Iterable<JournalValues>) {
      const row = toJournalRow(values)
      const isInPieces = referenceIn(row.payload) !== undefined
      if (isInPieces && found.length > 0) break
      found.push(checked(row, after + found.length + 1))
      bytes += row.payload?.length ?? 0
      if (isInPieces || found.length >= limit || bytes >= PAGE_BYTES) break
    }
    return found
  }

  const everything = (no: number, after: number): JournalRow[] =>
    (entries.all(no, after) as unknown as JournalValues[]).map((values, index) =>
      checked(toJournalRow(values), after + index + 1),
    )

  const payloadOf = inPieces(access)

  return {
    async readJournal(no, after, limit) {
      const rows = await read(() => (limit === undefined ? everything(no, after) : page(no, after, limit)))
      const found: JournalEntry[] = []
      for (const row of rows) {
        const reference = referenceIn(row.payload)
        const payload = reference === undefined ? undefined : await payloadOf(row, reference)
        if (payload === GONE) break
        if (payload === DAMAGED) throw changed(row)
        const whole = payload === undefined ? row : { ...row, payload }
        found.push({ seq: row.seq, completion: toCompletion(whole) })
      }
      return found
    },
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

/** Reads a payload that is in pieces. */
function inPieces({
  prepare,
  read,
}: Access): (row: JournalRow, reference: Reference) => Promise<string | typeof GONE | typeof DAMAGED> {
  const pieceOf = pieceReader(prepare)
  const isThere = prepare('SELECT 1 FROM journal WHERE run = ? AND seq = ?')
  return async ({ run, seq }, reference) => {
    const { whole, missing } = await gather(reference, (n) => read(() => pieceOf(run, seq, n)))
    if (missing !== undefined && (await read(() => isThere.get(run, seq))) === undefined) return GONE
    return whole ?? DAMAGED
  }
}

interface Checks {
  /** @throws {StoreError} it is not what was written, or not the entry that is expected there */
  checked(row: JournalRow, expected: number): JournalRow
  changed(row: JournalRow): StoreError
}

function checks({ prepare, path }: Access): Checks {
  const idOf = prepare('SELECT id FROM runs WHERE no = ?')
  const damaged = (no: number, what: string): StoreError => {
    const row = idOf.get(no) as { id: string } | undefined
    const run = row === undefined ? `number ${no}` : quote(fromText(row.id))
    return corrupt(path, `is damaged: in the journal of run ${run}, ${what}`)
  }

  const changed = ({ run, seq }: JournalRow): StoreError =>
    damaged(run, `entry ${seq} is not what was written`)

  /** Replaying a journal with a hole or a changed byte in it would silently do something else. */
  const checked = (row: JournalRow, expected: number): JournalRow => {
    if (row.seq !== expected) throw damaged(row.run, `entry ${expected} is not there`)
    if (row.crc !== checksum(row)) throw changed(row)
    if (!isCompletion(row))
      throw damaged(row.run, `entry ${row.seq} (${quote(row.kind)}) is none that this version knows`)
    return row
  }
  return { checked, changed }
}
