/** Verbs: create a run, find it by id. */
import type { NewRun, Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'
import { type RunRow, toRun } from './rows.ts'
import { toNullable, toText } from './text.ts'

export function runVerbs({ prepare, read, write }: Access): Pick<Store, 'createRun' | 'getRun'> {
  const insert = prepare(`
    INSERT INTO runs (id, workflow, status, input, parent, parent_key, source, seed, base, notes_base, created_at, epoch)
    VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, 0, 0, ?, 0)
    RETURNING *`)
  const byId = prepare('SELECT * FROM runs WHERE id = ?')
  const find = (id: string): RunRow | undefined => byId.get(toText(id)) as RunRow | undefined
  const add = (run: NewRun): RunRow | undefined =>
    insert.get(
      toText(run.id),
      toNullable(run.workflow),
      toText(run.input),
      toNullable(run.parent?.id),
      toNullable(run.parent?.key),
      toNullable(run.source),
      toText(run.seed),
      run.createdAt,
    ) as RunRow | undefined

  return {
    createRun: (run) =>
      write(() => {
        const existing = find(run.id)
        // Inserted only when it is new: an insert that gives way would use a number up.
        const row = existing ?? add(run)
        if (row === undefined) throw new Error('a run that was created could not be read')
        return { run: toRun(row), created: existing === undefined }
      }),
    getRun: (id) =>
      read(() => {
        const row = find(id)
        return row && toRun(row)
      }),
  }
}
