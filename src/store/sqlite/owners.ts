/** Verbs: the engine instances that execute runs, and when each was last heard of. */
import type { Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { type OwnerRow, toOwner } from './rows.ts'
import { toText } from './text.ts'

type OwnerVerbs = Pick<Store, 'heartbeat' | 'getOwner' | 'removeOwner'>

export function ownerVerbs({ prepare, read, write }: Access): OwnerVerbs {
  const upsert = prepare(`
    INSERT INTO owners (id, pid, host, heartbeat_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, host = excluded.host, heartbeat_at = excluded.heartbeat_at`)
  const byId = prepare('SELECT * FROM owners WHERE id = ?')
  const remove = prepare('DELETE FROM owners WHERE id = ?')
  const forget = prepare('DELETE FROM zombies WHERE owner = ?')

  return {
    heartbeat: ({ id, pid, host, heartbeatAt }) =>
      write(() => {
        upsert.run(toText(id), pid, toText(host), heartbeatAt)
      }),
    getOwner: (id) =>
      read(() => {
        const row = byId.get(toText(id)) as OwnerRow | undefined
        return row && toOwner(row)
      }),
    removeOwner: (id) =>
      write(() => {
        remove.run(toText(id))
        forget.run(toText(id))
      }),
  }
}
