/**
 * Verb: commit. The hot path: one transaction, one check per run, one row per completion. Large payloads are written before
 * it, in pieces; commits that are asked for meanwhile wait for it, so that all take effect in their order (A1).
 */
import { writeSize } from '../../core/payload-size.ts'
import type { CommitResult, Park, Store, Write } from '../../core/ports/store.ts'
import { admit } from '../shared/admission.ts'
import type { Access } from './access.ts'
import { entryWriter } from './entries.ts'
import { type Entry, isLarge, pieceWriter } from './pieces.ts'
import { StandingMemory } from './standings.ts'
import { toNullable, toText } from './text.ts'

export function commitVerbs(access: Access): Pick<Store, 'commit'> {
  const { prepare, path } = access
  const standings = new StandingMemory(access)
  const pieces = pieceWriter(prepare)
  const parks = parking(access)
  const apply = applying(access, parks)

  const commitBy = async (
    write: Access['write'],
    writes: readonly Write[],
    references?: References,
  ): Promise<CommitResult> => {
    let committed: () => void = ignore
    const work = (): CommitResult => {
      const known = standings.recall()
      const { accepted, fenced, declined } = admit(writes, standings.of, parks.mayPark, path, known)
      for (const each of accepted) apply(each, references)
      committed = standings.keep()
      return { fenced, declined }
    }
    const result = await write(work, sizeOf(writes), true)
    committed()
    return result
  }

  /** The last of the commits that write pieces, or wait for one that does. Never rejects. */
  let before: Promise<unknown> | undefined

  const commitInPieces = (writes: readonly Write[]): Promise<CommitResult> =>
    access.series(async (write) => {
      await before
      const references = new Map<Write, string>()
      for (const each of writes) if (isLargeEntry(each)) references.set(each, await pieces.ahead(each, write))
      return await commitBy(write, writes, references)
    })

  return {
    commit(writes) {
      if (before === undefined && !writes.some(isLargeEntry)) return commitBy(access.write, writes)
      const result = commitInPieces(writes)
      const ended = result.then(ignore, ignore).then(() => {
        if (before === ended) before = undefined
      })
      before = ended
      return result
    },
  }
}

/** How one write is written, once it is accepted. */
function applying(access: Access, { park }: Parking): (each: Write, references: References) => void {
  const { prepare } = access
  const addEntry = entryWriter(prepare)
  const consume = prepare('UPDATE inbox SET consumed_by = ? WHERE id = ? AND run = ?')
  const insertNote = prepare(
    'INSERT INTO notes (run, key, at, kind, attempt, due, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const end = ending(access)
  return (each, references) => {
    const { no } = each.claim
    switch (each.kind) {
      case 'completion':
        addEntry(no, each.entry.seq, each.entry.completion, references?.get(each))
        if (each.inboxId !== undefined) consume.run(each.entry.seq, each.inboxId, no)
        return
      case 'note': {
        const { key, at, kind, attempt, due, detail } = each.note
        insertNote.run(no, toText(key), at, kind, attempt, due, toNullable(detail))
        return
      }
      case 'park':
        park(each)
        return
      case 'end':
        end(each)
    }
  }
}

function ignore(): void {}

/** What stands in the journal for the payloads that are in pieces. */
type References = ReadonlyMap<Write, string> | undefined

function isLargeEntry(write: Write): write is Entry {
  return write.kind === 'completion' && isLarge(write.entry.completion)
}

/** What is in pieces was written before. */
function sizeOf(writes: readonly Write[]): number {
  let size = 0
  for (const write of writes) if (!isLargeEntry(write)) size += writeSize(write)
  return size
}

/** A child that ends makes a parent that waits due at once. */
function ending({ prepare }: Access): (end: Extract<Write, { kind: 'end' }>) => void {
  const end = prepare(`
    UPDATE runs SET status = ?, output = ?, error = ?, ended_at = ?, owner = NULL WHERE no = ?`)
  const wakeParent = prepare(`
    UPDATE runs SET wake_at = 0 WHERE id = (SELECT parent FROM runs WHERE no = ?) AND status = 'waiting'`)
  return ({ claim, status, output, error, at }) => {
    end.run(status, toNullable(output), toNullable(error), at, claim.no)
    wakeParent.run(claim.no)
  }
}

interface Parking {
  mayPark(park: Park): boolean
  park(park: Park): void
}

function parking({ prepare }: Access): Parking {
  const park = prepare("UPDATE runs SET status = 'waiting', wake_at = ? WHERE no = ?")
  const unaware = prepare(`
    SELECT (SELECT count(*) FROM inbox WHERE run = :no AND consumed_by IS NULL) <> :pending
      OR EXISTS (SELECT * FROM runs WHERE id IN (SELECT value FROM json_each(:children))
        AND status IN ('completed', 'failed', 'cancelled', 'blocked')) AS unaware`)
  return {
    mayPark({ claim, pending, children }) {
      const row = unaware.get({ no: claim.no, pending, children: JSON.stringify(children.map(toText)) })
      return row?.['unaware'] === 0
    },
    park: ({ claim, wakeAt }) => void park.run(wakeAt ?? null, claim.no),
  }
}
