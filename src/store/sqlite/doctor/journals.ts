/** Every row of every journal: whether it is what was written, and whether any is missing. */
import type { DatabaseSync } from 'node:sqlite'
import { quote } from '../../../core/errors.ts'
import { nextTurn } from '../../../core/turn.ts'
import { checksum } from '../checksum.ts'
import { asStoreError } from '../errors.ts'
import { gather, pieceReader, referenceIn } from '../pieces.ts'
import type { JournalRow } from '../rows.ts'
import { fromText } from '../text.ts'
import type { Findings } from './findings.ts'

/** Rows between two turns of the event loop. */
const BREATH = 1000

/** Runs of which each is told; of more only how many. */
const TOLD = 20

const ADVICE =
  'The run is not replayed from such a journal. Restore a backup, or cancel the run and start it again under another id'

export async function examineJournals(db: DatabaseSync, path: string, findings: Findings): Promise<void> {
  const idOf = db.prepare('SELECT id FROM runs WHERE no = ?')
  const wrongWithPieces = pieceExaminer(db)
  const damaged = new Map<number, string>()
  let [run, last, rows] = [0, 0, 0]
  try {
    const entries = db.prepare('SELECT * FROM journal ORDER BY run, seq')
    for (const entry of entries.iterate() as Iterable<unknown>) {
      const row = entry as JournalRow
      if (row.run !== run) [run, last] = [row.run, 0]
      const wrong = wrongWith(row, last) ?? (await wrongWithPieces(row))
      if (wrong !== undefined && !damaged.has(run)) damaged.set(run, wrong)
      last = row.seq
      if (++rows % BREATH === 0) await nextTurn()
    }
  } catch (error) {
    findings.add(
      'damage',
      `The journals can be read only up to entry ${last} of run number ${run}: ${asStoreError(error, path).message}`,
      ADVICE,
    )
  }
  for (const [no, wrong] of [...damaged].slice(0, TOLD)) {
    const found = findings.attempt(() => idOf.get(no) as { id: string } | undefined, 'damage', ADVICE, path)
    const name = found === undefined ? `number ${no}` : quote(fromText(found.id))
    findings.add('damage', `In the journal of run ${name}, ${wrong}`, ADVICE)
  }
  if (damaged.size > TOLD)
    findings.add('damage', `The journals of ${damaged.size - TOLD} more runs are damaged`, ADVICE)
}

function wrongWith(row: JournalRow, last: number): string | undefined {
  if (row.seq !== last + 1) return `entry ${last + 1} is not there`
  return row.crc === checksum(row) ? undefined : `entry ${row.seq} is not what was written`
}

/** Examines the payload of a row that is in pieces. */
function pieceExaminer(db: DatabaseSync): (row: JournalRow) => Promise<string | undefined> {
  const pieceOf = pieceReader((sql) => db.prepare(sql))
  return async ({ run, seq, payload }) => {
    const reference = referenceIn(payload)
    if (reference === undefined) return undefined
    const { whole, missing } = await gather(reference, async (n) => pieceOf(run, seq, n))
    if (missing !== undefined) return `piece ${missing + 1} of entry ${seq} is not there`
    return whole === undefined ? `the pieces of entry ${seq} are not what was written` : undefined
  }
}
