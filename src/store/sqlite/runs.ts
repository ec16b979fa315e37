/** Verbs: create a run, find it by id. */
import { payloadSize } from '../../core/payload-size.ts'
import type { Completion } from '../../core/ports/effects.ts'
import type { NewRun, RunRecord, Store } from '../../core/ports/store.ts'
import { newRecord } from '../shared/new-record.ts'
import type { Access } from './access.ts'
import { entryWriter } from './entries.ts'
import { isLarge, pieceWriter } from './pieces.ts'
import { type RunRow, toRun } from './rows.ts'
import { toNullable, toText } from './text.ts'

export function runVerbs({ prepare, read, write }: Access): Pick<Store, 'createRun' | 'getRun'> {
  const insert = prepare(`
    INSERT INTO runs
      (id, workflow, status, input, parent, parent_key, source, seed, base, earlier, forked_from, notes_base, created_at, owner, epoch)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`)
  const byId = prepare('SELECT * FROM runs WHERE id = ?')
  const addEntry = entryWriter(prepare)
  const pieces = pieceWriter(prepare)
  const find = (id: string): RunRow | undefined => byId.get(toText(id)) as RunRow | undefined
  const add = (run: NewRun, base: number, owner: string | undefined): number => {
    const { lastInsertRowid } = insert.run(
      toText(run.id),
      toNullable(run.workflow),
      owner === undefined ? 'pending' : 'running',
      toText(run.input),
      toNullable(run.parent?.id),
      toNullable(run.parent?.key),
      toNullable(run.source),
      toText(run.seed),
      base,
      base === 0 ? null : '[0]',
      toNullable(run.forkedFrom),
      run.createdAt,
      toNullable(owner),
      owner === undefined ? 0 : 1,
    )
    return Number(lastInsertRowid)
  }

  const addAll = (run: NewRun, prefix: readonly Completion[], owner: string | undefined): RunRecord => {
    const no = add(run, prefix.length, owner)
    for (const [index, each] of prefix.entries()) {
      const seq = index + 1
      addEntry(no, seq, each, isLarge(each) ? pieces.now(no, seq, each) : undefined)
    }
    return newRecord(run, no, prefix.length, owner)
  }

  return {
    createRun: (run, prefix = [], owner) =>
      write(
        () => {
          const existing = find(run.id)
          // Inserted only when it is new: an insert that gives way would use a number up.
          return existing === undefined
            ? { run: addAll(run, prefix, owner), created: true }
            : { run: toRun(existing), created: false }
        },
        prefix.reduce((size, each) => size + payloadSize(each), run.input.length),
      ),
    getRun: (id) =>
      read(() => {
        const row = find(id)
        return row && toRun(row)
      }),
  }
}
