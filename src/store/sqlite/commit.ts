/** Verb: commit. The hot path: one transaction, one check per run, one row per completion. */
import type { Store, Write } from '../../core/ports/store.ts'
import { admit, type Standing } from '../shared/admission.ts'
import type { Access } from './access.ts'
import { entryWriter } from './entries.ts'
import { fromText, toNullable, toText } from './text.ts'

export function commitVerbs({ prepare, write, path }: Access): Pick<Store, 'commit'> {
  const standing = prepare(`
    SELECT id, epoch, owner IS NOT NULL AS owned,
      (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no) AS last
    FROM runs WHERE no = ?`)
  const addEntry = entryWriter(prepare)
  const consume = prepare('UPDATE inbox SET consumed_by = ? WHERE id = ? AND run = ?')
  const insertNote = prepare('INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?)')
  const end = prepare(
    'UPDATE runs SET status = ?, output = ?, error = ?, ended_at = ?, owner = NULL WHERE no = ?',
  )

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
      case 'end':
        end.run(each.status, toNullable(each.output), toNullable(each.error), each.at, no)
    }
  }

  return {
    commit: (writes) =>
      write(() => {
        const { accepted, fenced } = admit(writes, standingOf, path)
        for (const each of accepted) apply(each)
        return { fenced }
      }),
  }
}
