/** Verb: commit. The hot path: one transaction, one check per run, one row per completion. */
import type { Completion } from '../../core/ports/effects.ts'
import type { Park, Store, Write } from '../../core/ports/store.ts'
import { admit, type Standing } from '../shared/admission.ts'
import type { Access } from './access.ts'
import { checksum } from './checksum.ts'
import { fromCompletion } from './rows.ts'
import { fromText, toNullable, toText } from './text.ts'

export function commitVerbs({ prepare, write, path }: Access): Pick<Store, 'commit'> {
  const standing = prepare(`
    SELECT id, epoch, owner IS NOT NULL AND status = 'running' AS owned,
      (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no) AS last
    FROM runs WHERE no = ?`)
  const insertEntry = prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const consume = prepare('UPDATE inbox SET consumed_by = ? WHERE id = ? AND run = ?')
  const insertNote = prepare('INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?)')
  const end = prepare(`
    UPDATE runs SET status = ?, output = ?, error = ?, ended_at = ?, owner = NULL WHERE no = ? RETURNING parent`)
  const wakeParent = prepare("UPDATE runs SET wake_at = 0 WHERE id = ? AND status = 'waiting'")
  const park = prepare("UPDATE runs SET status = 'waiting', wake_at = ? WHERE no = ?")
  const unaware = prepare(`
    SELECT (SELECT count(*) FROM inbox WHERE run = :no AND consumed_by IS NULL) <> :pending
      OR EXISTS (SELECT * FROM runs WHERE id IN (SELECT value FROM json_each(:children))
        AND status IN ('completed', 'failed', 'cancelled', 'blocked')) AS unaware`)

  const standingOf = (no: number): Standing | undefined => {
    const row = standing.get(no) as { id: string; epoch: number; owned: number; last: number } | undefined
    return row && { ...row, id: fromText(row.id), owned: row.owned === 1 }
  }

  const mayPark = ({ claim, pending, children }: Park): boolean => {
    const row = unaware.get({ no: claim.no, pending, children: JSON.stringify(children.map(toText)) })
    return row?.['unaware'] === 0
  }

  const addEntry = (run: number, seq: number, completion: Completion): void => {
    const row = fromCompletion(run, seq, completion)
    const { kind, key, at, attempt, started_at, retry_at, name, payload } = row
    insertEntry.run(run, seq, kind, key, at, attempt, started_at, retry_at, name, payload, checksum(row))
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
        park.run(each.wakeAt ?? null, no)
        return
      case 'end': {
        const { status, output, error, at } = each
        const row = end.get(status, toNullable(output), toNullable(error), at, no) as
          { parent: string | null } | undefined
        if (typeof row?.parent === 'string') wakeParent.run(row.parent)
      }
    }
  }

  return {
    commit: (writes) =>
      write(() => {
        const { accepted, fenced, declined } = admit(writes, standingOf, mayPark, path)
        for (const each of accepted) apply(each)
        return { fenced, declined }
      }),
  }
}
