/**
 * Where runs stand, remembered from one commit to the next: to ask the database again for each run is a tenth of what a
 * commit of fifty runs costs. What fences a superseded owner (R3) must never be out of date:
 *
 * W1  Another connection's commit changes `data_version`, and any other write of this one `total_changes`, also one that
 *     was rolled back: then everything is asked for again. Both are read inside the transaction, which nobody overtakes.
 * W2  What a transaction left behind counts only once that one is known to be committed.
 */
import type { StatementSync } from 'node:sqlite'
import type { Progress, Standing } from '../shared/admission.ts'
import type { Access } from './access.ts'
import { IS_EXECUTED } from './rows.ts'
import { fromText } from './text.ts'

/** Runs that are remembered at most; more than are executed at once, mostly. */
const MOST = 4096

export class StandingMemory {
  readonly #known = new Map<number, Progress | undefined>()
  readonly #standing: StatementSync
  readonly #version: StatementSync
  readonly #changes: StatementSync
  #seenVersion = -1
  #seenChanges = -1
  /** Counts transactions, those that are tried again too. */
  #latest = 0
  #committed = 0

  constructor({ prepare }: Access) {
    this.#standing = prepare(`
      SELECT id, epoch, ${IS_EXECUTED} AS owned,
        (SELECT coalesce(max(seq), 0) FROM journal WHERE run = no AND seq > 0) AS last
      FROM runs WHERE no = ?`)
    this.#version = prepare('PRAGMA data_version')
    this.#changes = prepare('SELECT total_changes() AS changes')
  }

  /** To be called first in a transaction. @returns what is known, for `admit` to go on with */
  recall(): Map<number, Progress | undefined> {
    const version = Number(this.#version.get()?.['data_version'])
    const changes = this.#countChanges()
    const isCurrent =
      this.#committed === this.#latest && changes === this.#seenChanges && version === this.#seenVersion
    if (!isCurrent || this.#known.size > MOST) this.#known.clear()
    this.#latest++
    this.#seenVersion = version
    return this.#known
  }

  /** To be called last in it. @returns to be called once it is committed */
  keep(): () => void {
    this.#seenChanges = this.#countChanges()
    const kept = this.#latest
    return () => {
      this.#committed = kept
    }
  }

  #countChanges(): number {
    return Number(this.#changes.get()?.['changes'])
  }

  readonly of = (no: number): Standing | undefined => {
    const row = this.#standing.get(no) as
      { id: string; epoch: number; owned: number; last: number } | undefined
    return row && { id: fromText(row.id), epoch: row.epoch, owned: row.owned === 1, last: row.last }
  }
}
