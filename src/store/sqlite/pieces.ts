/**
 * A payload that is larger than one piece is kept in pieces, in a table of their own: each is written, and read, in its
 * own turn of the event loop. Invariants:
 *
 * P1  Pieces are on disk no later than the entry that refers to them (D3), and only a current claim writes any (R3).
 * P2  Those of an entry that the journal has are never written again.
 * P3  Those beyond the journal's end belong to an entry that the current claim is about to write. The next claim deletes
 *     what it finds there: a process died, or lost the run, between the pieces and their entry.
 */
import { crc32 } from 'node:zlib'
import { cutText } from '../../core/codec/cut-text.ts'
import type { Completion } from '../../core/ports/effects.ts'
import type { Claim, Write } from '../../core/ports/store.ts'
import { payloadSize } from '../../core/payload-size.ts'
import { nextTurn } from '../../core/turn.ts'
import type { Access } from './access.ts'
import { IS_EXECUTED } from './rows.ts'
import { ESCAPE, toText } from './text.ts'

/** Characters of a piece. Writing or reading as many takes a few milliseconds. */
export const PIECE: number = 512 * 1024

/** What stands in the journal for a payload in pieces: ESC, `p`, how many, and the checksum of them all. No `toText` writes that. */
const REFERENCE = new RegExp(`^${ESCAPE}p(\\d+):(\\d+)$`)

const ESCAPE_CODE = ESCAPE.charCodeAt(0)

export interface Reference {
  readonly count: number
  readonly crc: number
}

export function referenceIn(payload: string | null): Reference | undefined {
  if (payload?.charCodeAt(0) !== ESCAPE_CODE) return undefined // asked of every row that is read
  const [, count, crc] = REFERENCE.exec(payload) ?? []
  return count === undefined ? undefined : { count: Number(count), crc: Number(crc) }
}

/** The reference that grows with each piece. */
class Referring implements Reference {
  count = 0
  crc = 0

  add(piece: string): void {
    this.count++
    this.crc = crc32(piece, this.crc)
  }

  get text(): string {
    return `${ESCAPE}p${this.count}:${this.crc}`
  }
}

export function isLarge(completion: Completion): boolean {
  return payloadSize(completion) > PIECE
}

/** In stored form, hence well-formed, and so is every piece: TEXT cannot hold half a pair of surrogates. */
function piecesOf(completion: Completion): Generator<string> {
  return cutText(toText('payload' in completion ? completion.payload : ''), PIECE)
}

export type Entry = Extract<Write, { kind: 'completion' }>

export interface PieceWriter {
  /**
   * Writes the pieces of an entry that is to be committed next, each in a transaction of its own. Writes none once the claim
   * is not current, or the journal has the entry: its commit will be refused.
   * @returns what stands for the payload in the journal
   */
  ahead(entry: Entry, write: Access['write']): Promise<string>
  /** Writes them within the transaction under way. @returns the same */
  now(run: number, seq: number, completion: Completion): string
}

export function pieceWriter(prepare: Access['prepare']): PieceWriter {
  const values = '(run, seq, n, text) VALUES (?, ?, ?, ?)'
  const insert = prepare(`INSERT INTO pieces ${values}`)
  // Replaced: what was written before the transaction was tried again, or by an entry that failed.
  const put = prepare(`INSERT OR REPLACE INTO pieces ${values}`)
  const open = prepare(`
    SELECT 1 FROM runs WHERE no = :no AND epoch = :epoch AND ${IS_EXECUTED}
      AND :seq > (SELECT coalesce(max(seq), 0) FROM journal WHERE run = :no)`)
  const mayWrite = ({ no, epoch }: Claim, seq: number): boolean => open.get({ no, epoch, seq }) !== undefined

  return {
    async ahead({ claim, entry: { seq, completion } }, write) {
      const reference = new Referring()
      for (const piece of piecesOf(completion)) {
        const n = reference.count
        const written = await write(() => {
          if (!mayWrite(claim, seq)) return false
          put.run(claim.no, seq, n, piece)
          return true
        }, piece.length)
        if (!written) break
        reference.add(piece)
      }
      return reference.text
    },
    now(run, seq, completion) {
      const reference = new Referring()
      for (const piece of piecesOf(completion)) {
        insert.run(run, seq, reference.count, piece)
        reference.add(piece)
      }
      return reference.text
    },
  }
}

/** P3. To be called within the transaction that claims the run. */
export function pieceForgetter(prepare: Access['prepare']): (run: number) => void {
  const forget = prepare(`
    DELETE FROM pieces
    WHERE run = :run AND seq > (SELECT coalesce(max(seq), 0) FROM journal WHERE run = :run)`)
  return (run) => void forget.run({ run })
}

/** The pieces of one entry, in turn; an array would be all of them at once. */
export function pieceReader(
  prepare: Access['prepare'],
): (run: number, seq: number, n: number) => string | undefined {
  const read = prepare('SELECT text FROM pieces WHERE run = ? AND seq = ? AND n = ?')
  return (run, seq, n) => (read.get(run, seq, n) as { text: string } | undefined)?.text
}

export interface Gathered {
  /** As it is stored; undefined when it is not what was written. */
  readonly whole: string | undefined
  /** The first piece that is not there, from 0. */
  readonly missing: number | undefined
}

/** Puts together what a reference refers to, each piece in its own turn of the event loop. */
export async function gather(
  reference: Reference,
  pieceOf: (n: number) => Promise<string | undefined>,
): Promise<Gathered> {
  const found = new Referring()
  let text = ''
  while (found.count < reference.count) {
    const piece = await pieceOf(found.count)
    if (piece === undefined) return { whole: undefined, missing: found.count }
    found.add(piece)
    text += piece
    await nextTurn()
  }
  return { whole: found.crc === reference.crc ? text : undefined, missing: undefined }
}
