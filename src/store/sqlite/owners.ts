/** Verbs: the engine instances that execute runs, and when each was last heard of. */
import type { Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { type OwnerRow, toOwner } from './rows.ts'
import { toText } from './text.ts'

type OwnerVerbs = Pick<Store, 'heartbeat' | 'getOwner' | 'listOwners' | 'removeOwner'>

export function ownerVerbs({ prepare, read, write }: Access): OwnerVerbs {
  const beat = prepare('UPDATE owners SET pid = ?, host = ?, heartbeat_at = ?, lease = ? WHERE id = ?')
  const add = prepare('INSERT INTO owners (pid, host, heartbeat_at, lease, id) VALUES (?, ?, ?, ?, ?)')
  const byId = prepare('SELECT * FROM owners WHERE id = ?')
  const all = prepare('SELECT * FROM owners')
  const remove = prepare(
    'DELETE FROM owners WHERE id = :id AND (:heardAt IS NULL OR heartbeat_at = :heardAt)',
  )
  const giveBack = prepare(
    `UPDATE runs SET status = 'pending', owner = NULL WHERE owner = ? AND status = 'running'`,
  )
  const letWait = prepare(`UPDATE runs SET owner = NULL WHERE owner = ? AND status = 'waiting'`)
  const forget = prepare('DELETE FROM zombies WHERE owner = ?')

  return {
    heartbeat: ({ id, pid, host, heartbeatAt, lease }) =>
      write(() => {
        const values = [pid, toText(host), heartbeatAt, lease, toText(id)] as const
        if (beat.run(...values).changes !== 0) return true
        add.run(...values)
        return false
      }),
    getOwner: (id) =>
      read(() => {
        const row = byId.get(toText(id)) as OwnerRow | undefined
        return row && toOwner(row)
      }),
    listOwners: () => read(() => (all.all() as unknown as OwnerRow[]).map(toOwner)),
    removeOwner: (id, heardAt) =>
      write(() => {
        if (remove.run({ id: toText(id), heardAt: heardAt ?? null }).changes === 0) return false
        giveBack.run(toText(id))
        letWait.run(toText(id))
        forget.run(toText(id))
        return true
      }),
  }
}
