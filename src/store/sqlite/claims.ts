/** Verbs: who executes a run. Each is a compare-and-set on the run's epoch (R3, R4). */
import type { Reopening, RunRecord, Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { pieceForgetter } from './pieces.ts'
import { IS_EXECUTED } from './rows.ts'
import { toText } from './text.ts'

export function claimVerbs({ prepare, write }: Access): Pick<Store, 'claim' | 'release' | 'reopen'> {
  const claim = prepare(`
    UPDATE runs
    SET status = 'running', owner = :owner, epoch = epoch + 1, output = NULL, error = NULL, ended_at = NULL, wake_at = NULL
    WHERE no = :no AND epoch = :epoch AND status IN ('pending', 'running', 'waiting', 'blocked')`)
  const forgetPieces = pieceForgetter(prepare)
  const release = prepare(`
    UPDATE runs SET status = 'pending', owner = NULL
    WHERE no = :no AND epoch = :epoch AND ${IS_EXECUTED}`)
  const reopen = prepare(`
    UPDATE runs
    SET status = 'pending', output = NULL, error = NULL, ended_at = NULL,
      earlier = iif(:fresh AND base < (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no),
        json_insert(coalesce(earlier, '[]'), '$[#]', base), earlier),
      base = iif(:fresh, (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no), base),
      notes_base = iif(:fresh, (SELECT coalesce(max(id), 0) FROM notes WHERE run = no), notes_base)
    WHERE no = :no AND epoch = :epoch AND status IN ('completed', 'failed', 'cancelled', 'blocked')`)
  const dropCancels = prepare(`
    UPDATE inbox SET consumed_by = 0 WHERE run = ? AND kind = 'cancel' AND consumed_by IS NULL`)

  const droppedOf = prepare('SELECT dropped FROM runs WHERE no = ?')
  const setDropped = prepare('UPDATE runs SET dropped = ? WHERE no = ?')
  const redeliverEvents = prepare(`
    UPDATE inbox SET consumed_by = NULL
    WHERE run = ? AND kind = 'event' AND consumed_by IN (SELECT value FROM json_each(?))`)

  const drop = ({ no, dropped = [], redeliver = [] }: Reopening): void => {
    if (dropped.length > 0) {
      const row = droppedOf.get(no) as { dropped: string | null } | undefined
      const before = JSON.parse(row?.dropped ?? '[]') as RunRecord['dropped']
      setDropped.run(JSON.stringify([...before, ...dropped]), no)
    }
    if (redeliver.length > 0) redeliverEvents.run(no, JSON.stringify(redeliver))
  }

  return {
    claim: ({ no, epoch, owner }) =>
      write(() => {
        const { changes } = claim.run({ no, epoch, owner: toText(owner) })
        if (changes === 0) return undefined
        forgetPieces(no)
        return { no, epoch: epoch + 1 }
      }, 0),
    release: ({ no, epoch }) =>
      write(() => {
        release.run({ no, epoch })
      }),
    reopen: (request) =>
      write(() => {
        const { no, epoch, fresh } = request
        const { changes } = reopen.run({ no, epoch, fresh: fresh ? 1 : 0 })
        if (changes === 0) return false
        if (fresh) dropCancels.run(no)
        drop(request)
        return true
      }),
  }
}
