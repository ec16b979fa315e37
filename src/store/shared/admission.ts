/**
 * Which writes of a commit a store may accept. Pure: both stores decide here, then only write.
 *
 * A claim is current while the run has its epoch *and* is executed by an owner: a release, a park or an `end` gives it
 * up, so a result that arrives after its run has ended is fenced like one of a superseded owner (R3).
 */
import { quote, StoreError } from '../../core/errors.ts'
import type { CommitResult, Park, Write } from '../../core/ports/store.ts'

/** Where a run stands before the commit. */
export interface Standing {
  readonly id: string
  readonly epoch: number
  /** It has an owner, and the status `running`. */
  readonly owned: boolean
  /** The highest `seq` in its journal, 0 when that is empty. */
  readonly last: number
}

/** The same as it changes, write by write. */
export type Progress = { -readonly [Field in keyof Standing]: Standing[Field] }

export interface Admission extends CommitResult {
  /** In the order in which to write them: parks first, so that a child that ends in the same commit finds its parent waiting. */
  readonly accepted: readonly Write[]
}

/**
 * @param standingOf asked once for each run.
 * @param known where runs stand as far as somebody remembers; afterwards, where those stand that were asked for.
 * @param mayPark whether a run knows all that was sent to it, and all that became of its children, before this commit.
 * @throws StoreError when an entry does not continue its run's order: no part of the commit may be written then.
 */
export function admit(
  writes: readonly Write[],
  standingOf: (no: number) => Standing | undefined,
  mayPark: (park: Park) => boolean,
  location: string,
  known: Map<number, Progress | undefined> = new Map(),
): Admission {
  const standings = new Standings(standingOf, known)
  const accepted: Write[] = []
  const fenced = new Set<Write>()
  const declined = new Set<Write>()
  for (const write of writes) {
    const { no, epoch } = write.claim
    const run = standings.of(no)
    if (run === undefined || !run.owned || run.epoch !== epoch) {
      fenced.add(write)
      continue
    }
    if (write.kind === 'park' && (write.seq !== run.last || !mayPark(write))) {
      declined.add(write)
      continue
    }
    accepted.push(write)
    proceed(run, write, location)
  }
  const parks = accepted.filter(isPark)
  return {
    accepted: parks.length === 0 ? accepted : [...parks, ...accepted.filter((write) => !isPark(write))],
    fenced,
    declined,
  }
}

/** How runs stand as writes are accepted: most writes that follow each other are of one run. */
class Standings {
  readonly #standingOf: (no: number) => Standing | undefined
  readonly #known: Map<number, Progress | undefined>
  #no = Number.NaN
  #current: Progress | undefined

  constructor(standingOf: (no: number) => Standing | undefined, known: Map<number, Progress | undefined>) {
    this.#standingOf = standingOf
    this.#known = known
  }

  of(no: number): Progress | undefined {
    if (no !== this.#no) {
      if (!this.#known.has(no)) {
        const standing = this.#standingOf(no)
        this.#known.set(no, standing && { ...standing })
      }
      this.#no = no
      this.#current = this.#known.get(no)
    }
    return this.#current
  }
}

function isPark(write: Write): boolean {
  return write.kind === 'park'
}

function proceed(run: Progress, write: Write, location: string): void {
  switch (write.kind) {
    case 'note':
      return
    case 'end':
    case 'park':
      run.owned = false
      return
    case 'completion':
      if (write.entry.seq !== run.last + 1) throw outOfOrder(run, write.entry.seq, location)
      run.last = write.entry.seq
  }
}

function outOfOrder(run: Standing, seq: number, location: string): StoreError {
  return new StoreError(
    'corrupt',
    `The journal of run ${quote(run.id)} in ${location} ends at entry ${run.last}, so entry ${seq} cannot follow. ` +
      `Nothing of this commit was written: read the journal again before writing more`,
  )
}
