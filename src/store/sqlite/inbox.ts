/** Verbs: what others want of a run. */
import type { Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { type InboxRow, toInboxItem } from './rows.ts'
import { toText } from './text.ts'

type InboxVerbs = Pick<Store, 'post' | 'readInbox' | 'pendingInbox' | 'lastInboxId'>

export function inboxVerbs({ prepare, read, write }: Access): InboxVerbs {
  const columns = 'id, run, kind, name, payload, at'
  const insert = prepare(`INSERT INTO inbox (run, kind, name, payload, at) VALUES (?, ?, ?, ?, ?)`)
  const wake = prepare("UPDATE runs SET wake_at = 0 WHERE no = ? AND status = 'waiting'")
  const after = prepare(`SELECT ${columns} FROM inbox WHERE id > ? ORDER BY id LIMIT ?`)
  const pending = prepare(`SELECT ${columns} FROM inbox WHERE run = ? AND consumed_by IS NULL ORDER BY id`)
  const last = prepare(`SELECT coalesce(max(seq), 0) AS id FROM sqlite_sequence WHERE name = 'inbox'`)
  const items = (rows: unknown[]): ReturnType<typeof toInboxItem>[] => (rows as InboxRow[]).map(toInboxItem)

  return {
    post: ({ run, kind, name, payload, at }) =>
      write(() => {
        const { lastInsertRowid } = insert.run(run, kind, toText(name), toText(payload), at)
        wake.run(run)
        return { id: Number(lastInsertRowid), run, kind, name, payload, at }
      }, payload.length),
    readInbox: (id, limit) => read(() => items(after.all(id, Math.max(0, limit)))),
    pendingInbox: (no) => read(() => items(pending.all(no))),
    lastInboxId: () => read(() => (last.get() as { id: number }).id),
  }
}
