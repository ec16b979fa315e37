import type { Clock } from '../core/ports/clock.ts'
import type { Claim, CommitResult, Store, Write } from '../core/ports/store.ts'
import { StoreError } from '../core/errors.ts'

/** Who wrote, and is told once what became of it. */
export interface CommitSink {
  committed(write: Write): void
  /** The write is not in the store, and no later one of this run will be. */
  refused(error: unknown): void
  /** The park came too late; the run goes on. */
  declined?(): void
}

interface Pending {
  readonly write: Write
  readonly sink: CommitSink
}

/** Larger transactions hold the event loop, and other processes, for longer. */
const BATCH = 256

/** A start that is older than this is worth a row of its own: the step is long enough to be looked at. */
const NOTE_DELAY = 50

/**
 * Gathers what all runs write during one turn of the event loop into one transaction. Invariants:
 * 1. Writes reach the store in the order in which they were pushed, one transaction at a time.
 * 2. A sink is told after its write is durable, in the same order (D3).
 * 3. What one run writes and the store cannot take is refused to that run only.
 * 4. After a write that was refused no other of its claim reaches the store: the run's order would have a gap, and the
 *    store refuse the whole transaction, with what other runs have in it.
 */
export class GroupCommit {
  readonly #store: Store
  readonly #clock: Clock
  #pending: Pending[] = []
  #notes = new Map<string, Pending>()
  readonly #broken = new WeakMap<Claim, unknown>()
  #flushing: Promise<void> | undefined
  #onFlushed: (() => void) | undefined
  #cancelNotes: (() => void) | undefined

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Told whenever everything that was pushed is committed or refused. */
  whenFlushed(callback: () => void): void {
    this.#onFlushed = callback
  }

  get flushing(): boolean {
    return this.#flushing !== undefined
  }

  push(write: Write, sink: CommitSink): void {
    this.#pending.push({ write, sink })
    this.#flushing ??= this.#flush()
  }

  /** Written after a while, unless `forget` comes first: most steps end before their start is worth a row. */
  note(write: Extract<Write, { kind: 'note' }>, sink: CommitSink): void {
    this.#notes.set(noteId(write), { write, sink })
    this.#cancelNotes ??= this.#clock.after(NOTE_DELAY, () => this.writeNotes())
  }

  forget(run: number, key: string): void {
    this.#notes.delete(`${run} ${key}`)
  }

  /** Resolves when everything pushed so far is committed or refused. */
  async idle(): Promise<void> {
    this.writeNotes()
    while (this.#flushing !== undefined) await this.#flushing
  }

  /** Notes that wait are written now. */
  writeNotes(): void {
    this.#cancelNotes?.()
    this.#cancelNotes = undefined
    const notes = this.#notes
    this.#notes = new Map()
    for (const { write, sink } of notes.values()) this.push(write, sink)
  }

  async #flush(): Promise<void> {
    await turnEnd()
    while (this.#pending.length > 0) {
      const batch = this.#pending.length <= BATCH ? this.#pending : this.#pending.slice(0, BATCH)
      this.#pending = this.#pending.slice(batch.length)
      await this.#commit(batch)
      if (this.#pending.length > 0) await turnEnd()
    }
    this.#flushing = undefined
    this.#onFlushed?.()
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const whole = batch.filter((pending) => !this.#refuseBroken(pending))
    if (whole.length === 0) return
    let result: CommitResult
    try {
      result = await this.#store.commit(whole.map(({ write }) => write))
    } catch (error) {
      const runs = [...Map.groupBy(whole, ({ write }) => write.claim).values()]
      if (runs.length > 1 && isOfOneRun(error)) for (const run of runs) await this.#commit(run)
      else for (const pending of whole) this.#refuse(pending, error)
      return
    }
    for (const pending of whole) {
      if (result.fenced.has(pending.write)) this.#refuse(pending, lost())
      else if (result.declined.has(pending.write)) pending.sink.declined?.()
      else pending.sink.committed(pending.write)
    }
  }

  #refuseBroken({ write, sink }: Pending): boolean {
    if (!this.#broken.has(write.claim)) return false
    sink.refused(this.#broken.get(write.claim))
    return true
  }

  #refuse({ write, sink }: Pending, error: unknown): void {
    this.#broken.set(write.claim, error)
    sink.refused(error)
  }
}

/** Whether others of the batch might be taken without it: too large a value, one that does not fit, a journal out of order. */
function isOfOneRun(error: unknown): boolean {
  return error instanceof StoreError && ['unsupported', 'full', 'corrupt'].includes(error.problem)
}

function turnEnd(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function noteId(write: Extract<Write, { kind: 'note' }>): string {
  return `${write.claim.no} ${write.note.key}`
}

function lost(): StoreError {
  return new StoreError(
    'fenced',
    'The run was taken over by another process, so this one can record nothing more of it',
  )
}
