/** Verbs: whether anything has changed, for those who watch. */
import type { ChangeMarks } from '../../core/ports/store.ts'
import type { Access } from './access.ts'

export function markVerbs({ prepare, read }: Access): { readonly marks: ChangeMarks } {
  // Another connection's commit changes the one, a write of this connection the other.
  const version = prepare('PRAGMA data_version')
  const changes = prepare('SELECT total_changes() AS changes')
  const run = prepare(`
    SELECT status, epoch, owner, base,
      (SELECT max(seq) FROM journal WHERE run = no AND seq > 0) AS entries,
      (SELECT max(id) FROM notes INDEXED BY notes_by_run WHERE run = no) AS notes,
      (SELECT count(*) FROM inbox INDEXED BY inbox_pending WHERE run = no AND consumed_by IS NULL) AS inbox,
      (SELECT max(id) FROM zombies INDEXED BY zombies_by_run WHERE run = no) AS zombies,
      (SELECT count(*) FROM zombies INDEXED BY zombies_by_run WHERE run = no) AS stuck
    FROM runs WHERE no = ?`)
  return {
    marks: {
      all: () =>
        read(() => `${String(version.get()?.['data_version'])}-${String(changes.get()?.['changes'])}`),
      of: (no) =>
        read(() => {
          const row = run.get(no)
          return row && JSON.stringify(Object.values(row))
        }),
    },
  }
}
