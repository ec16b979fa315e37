/** Verb: commit. The hot path: one transaction, one check per run, one row per completion. */
import { payloadSize } from '../../core/payload-size.ts'
import type { CommitResult, Park, Store, Write } from '../../core/ports/store.ts'
import { admit, type Standing } from '../shared/admission.ts'
import type { Access } from './access.ts'
import { entryWriter } from './entries.ts'
import { fromText, toNullable, toText } from './text.ts'

export function commitVerbs(access: Access): Pick<Store, 'commit'> {
  const { prepare, write, path } = access
  const standing = prepare(`
    SELECT id, epoch, owner IS NOT NULL AND status = 'running' AS owned,
      (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no AND seq > 0) AS last
    FROM runs WHERE no = ?`)
  const addEntry = entryWriter(prepare)
  const consume = prepare('UPDATE inbox SET consumed_by = ? WHERE id = ? AND run = ?')
  const insertNote = prepare('INSERT INTO notes (run, key, at, kind, attempt, due) VALUES (?, ?, ?, ?, ?, ?)')
  const { mayPark, park } = parking(access)
  const end = ending(access)
  const standingOf = (no: number): Standing | undefined => {
    const row = standing.get(no) as { id: string; epoch: number; owned: number; last: number } | undefined
    return row && { ...row, id: fromText(row.id), owned: row.owned === 1 }
  }

  const apply = (each: Write): void => {
    const { no } = each.claim
    switch (each.kind) {
      case 'completion':
        addEntry(no, each.entry.seq, each.entry.completion)
        if (each.inboxId !== undefined) consume.run(each.entry.seq, each.inboxId, no)
        return
      case 'note': {
        const { key, at, kind, attempt, due } = each.note
        insertNote.run(no, toText(key), at, kind, attempt, due)
        return
      }
      case 'park':
        park(each)
        return
      case 'end':
        end(each)
    }
  }

  return {
    commit(writes) {
      const work = (): CommitResult => {
        const { accepted, fenced, declined } = admit(writes, standingOf, mayPark, path)
        for (const each of accepted) apply(each)
        return { fenced, declined }
      }
      return write(work, sizeOf(writes), true)
    },
  }
}

function sizeOf(writes: readonly Write[]): number {
  let size = 0
  for (const write of writes) {
    if (write.kind === 'end') size += (write.output ?? write.error ?? '').length
    else if (write.kind === 'completion') size += payloadSize(write.entry.completion)
  }
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

function parking({ prepare }: Access): { mayPark(park: Park): boolean; park(park: Park): void } {
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
