/**
 * Verb: delete ended runs. The runs of a family are deleted in one transaction, so that no id of it can be taken by
 * a new run while an old one still answers to it; what belongs to them goes in slices afterwards, by number, which no
 * run ever gets again. `pruned` remembers those numbers across a crash.
 */
import { ENDED, type Pruned, type PruneRequest, type RunStatus, type Store } from '../../core/ports/store.ts'
import type { Access } from './access.ts'

interface Member {
  readonly no: number
  readonly id: string
  readonly status: RunStatus
}

interface Root extends Member {
  readonly ended_at: number
}

/** Roots looked at in one go. */
const PAGE = 100

/** A piece of a payload (`pieces.ts`) is as dear to delete as so many rows. */
const PIECE_WEIGHT = 32

export function pruneVerbs({
  prepare,
  read,
  write,
}: Pick<Access, 'prepare' | 'read' | 'write'>): Pick<Store, 'prune'> {
  const families = familyFinder(prepare)
  const remove = remover(prepare)

  function slice({ endedBefore, limit }: PruneRequest): Pruned {
    let left = remove.leftovers(Math.max(1, limit))
    if (left === 0) return { runs: 0, more: true }
    let runs = 0
    for (const members of families(endedBefore)) {
      remove.runs(members)
      runs += members.length
      left = remove.leftovers(left - members.length)
      if (left <= 0) return { runs, more: true }
    }
    return { runs, more: false }
  }

  function count({ endedBefore }: PruneRequest): Pruned {
    let runs = 0
    for (const members of families(endedBefore)) runs += members.length
    return { runs, more: false }
  }

  return {
    prune: (request) => (request.dryRun === true ? read(() => count(request)) : write(() => slice(request))),
  }
}

/** Families that have ended as a whole, the root before its instant. */
function familyFinder(
  prepare: Access['prepare'],
): (endedBefore: PruneRequest['endedBefore']) => Generator<readonly Member[]> {
  const rootsAfter = prepare(`
    SELECT no, id, status, ended_at FROM runs INDEXED BY runs_by_end
    WHERE parent IS NULL AND status = :status AND ended_at < :before AND (ended_at, no) > (:ended, :no)
    ORDER BY ended_at, no LIMIT ${PAGE}`)
  const childrenOf = prepare('SELECT no, id, status FROM runs INDEXED BY runs_by_parent WHERE parent = ?')

  function* roots(endedBefore: PruneRequest['endedBefore']): Generator<Root> {
    for (const [status, before] of Object.entries(endedBefore)) {
      let last: Pick<Root, 'no' | 'ended_at'> | undefined = { no: 0, ended_at: -Number.MAX_VALUE }
      while (last !== undefined) {
        const { no, ended_at: ended } = last
        const page = rootsAfter.all({ status, before, ended, no }) as unknown as readonly Root[]
        yield* page
        last = page.length < PAGE ? undefined : page.at(-1)
      }
    }
  }

  /** @returns undefined while one of them has not ended. */
  function withDescendants(root: Member): readonly Member[] | undefined {
    const members = [root]
    for (const member of members) {
      if (!ENDED.has(member.status)) return undefined
      for (const child of childrenOf.all(member.id) as unknown as Member[]) members.push(child)
    }
    return members
  }

  return function* families(endedBefore) {
    for (const root of roots(endedBefore)) {
      const members = withDescendants(root)
      if (members !== undefined) yield members
    }
  }
}

/** Takes a run and the most rows, each of which is as dear as so many. */
interface Deletion {
  readonly statement: ReturnType<Access['prepare']>
  readonly weight: number
}

interface Remover {
  runs(members: readonly Member[]): void
  /** Deletes at most `budget` rows of runs that are gone. @returns how much of the budget is left. */
  leftovers(budget: number): number
}

function remover(prepare: Access['prepare']): Remover {
  const deleteRun = prepare('DELETE FROM runs WHERE no = ?')
  const remember = prepare('INSERT INTO pruned (run) VALUES (?)')
  const remembered = prepare('SELECT run FROM pruned LIMIT 1')
  const forget = prepare('DELETE FROM pruned WHERE run = ?')
  // The last entries first: what is left of a journal then still is the beginning of one. Pieces after the entries that they
  // belong to.
  const rows = (sql: string, weight = 1): Deletion => ({ statement: prepare(sql), weight })
  const deletions = [
    rows(
      'DELETE FROM journal WHERE rowid IN (SELECT rowid FROM journal WHERE run = ? ORDER BY seq DESC LIMIT ?)',
    ),
    rows('DELETE FROM pieces WHERE rowid IN (SELECT rowid FROM pieces WHERE run = ? LIMIT ?)', PIECE_WEIGHT),
    rows('DELETE FROM notes WHERE id IN (SELECT id FROM notes WHERE run = ? LIMIT ?)'),
    rows('DELETE FROM zombies WHERE rowid IN (SELECT rowid FROM zombies WHERE run = ? LIMIT ?)'),
    rows(
      'DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE run = ? AND consumed_by IS NULL LIMIT ?)',
    ),
    rows(
      'DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE run = ? AND consumed_by IS NOT NULL LIMIT ?)',
    ),
  ]
  return {
    runs(members) {
      for (const { no } of members) {
        deleteRun.run(no)
        remember.run(no)
      }
    },
    leftovers(budget) {
      let left = budget
      while (left > 0) {
        const row = remembered.get() as { run: number } | undefined
        if (row === undefined) return left
        for (const { statement, weight } of deletions)
          if (left > 0) left -= weight * Number(statement.run(row.run, Math.ceil(left / weight)).changes)
        if (left > 0) forget.run(row.run)
      }
      return 0
    },
  }
}
