import type { Clock } from '../core/ports/clock.ts'
import type { Claim, CommitResult, Store, Write } from '../core/ports/store.ts'
import { StoreError } from '../core/errors.ts'
import { writeSize } from '../core/payload-size.ts'
import { nextTurn } from '../core/turn.ts'

/** Who wrote, and is told once what became of it. */
export interface CommitSink {
  committed(write: Write): void
  /** The write is not in the store, and no later one of this run will be. */
  refused(error: unknown): void
  /** The park came too late; the run goes on. */
  declined?(): void
}

/** Who has something to note once it has lasted for a while. */
export interface NoteSource {
  /** Pushes what it has to note and has not noted. */
  writeNotes(): void
}

/** What was pushed, and by whom: at the same places. Two lists, so that a completion costs no object more. */
class Batch {
  readonly writes: Write[] = []
  readonly sinks: CommitSink[] = []

  /** Characters of the values in it. */
  characters = 0

  get size(): number {
    return this.writes.length
  }

  add(write: Write, sink: CommitSink): void {
    this.characters += writeSize(write)
    this.writes.push(write)
    this.sinks.push(sink)
  }

  /** Takes the first out of this one: as many as one transaction may have, and all the same one that is larger. */
  take(): Batch {
    const taken = new Batch()
    let besides = 0
    for (let at = 0; at < Math.min(this.size, BATCH); at++) {
      const write = this.writes[at] as Write
      if (at > 0 && (besides += writeSize(write)) > BATCH_CHARACTERS) break
      taken.add(write, this.sinks[at] as CommitSink)
    }
    this.writes.splice(0, taken.size)
    this.sinks.splice(0, taken.size)
    this.characters -= taken.characters
    return taken
  }

  forEach(each: (write: Write, sink: CommitSink) => void): void {
    for (let at = 0; at < this.writes.length; at++)
      each(this.writes[at] as Write, this.sinks[at] as CommitSink)
  }
}

/** Larger transactions hold the event loop, and other processes, for longer. */
const BATCH = 256

/** Of the values in one transaction, besides its first. */
const BATCH_CHARACTERS = 1024 * 1024

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
  #pending = new Batch()
  #noteSources = new Set<NoteSource>()
  readonly #broken = new WeakMap<Claim, unknown>()
  #someBroken = false
  #flushing: Promise<void> | undefined
  readonly #onFlushed: (() => void)[] = []
  #cancelNotes: (() => void) | undefined

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Told whenever everything that was pushed is committed or refused. */
  whenFlushed(callback: () => void): void {
    this.#onFlushed.push(callback)
  }

  get flushing(): boolean {
    return this.#flushing !== undefined
  }

  push(write: Write, sink: CommitSink): void {
    this.#pending.add(write, sink)
    this.#flushing ??= this.#flush()
  }

  /** The source is asked for its notes once, after a while: most steps end before their start is worth a row. */
  noteLater(source: NoteSource): void {
    this.#noteSources.add(source)
    this.#cancelNotes ??= this.#clock.after(NOTE_DELAY, () => this.writeNotes())
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
    const sources = this.#noteSources
    if (sources.size === 0) return
    this.#noteSources = new Set()
    for (const source of sources) source.writeNotes()
  }

  async #flush(): Promise<void> {
    await nextTurn()
    while (this.#pending.size > 0) {
      await this.#commit(this.#next())
      if (this.#pending.size > 0) await nextTurn()
    }
    this.#flushing = undefined
    for (const callback of this.#onFlushed) callback()
  }

  #next(): Batch {
    if (this.#pending.size > BATCH || this.#pending.characters > BATCH_CHARACTERS) return this.#pending.take()
    const all = this.#pending
    this.#pending = new Batch()
    return all
  }

  async #commit(pushed: Batch): Promise<void> {
    const batch = this.#someBroken ? this.#withoutBroken(pushed) : pushed
    if (batch.size === 0) return
    let result: CommitResult
    try {
      result = await this.#store.commit(batch.writes)
    } catch (error) {
      const runs = byClaim(batch)
      if (runs.length > 1 && isOfOneRun(error)) for (const run of runs) await this.#commit(run)
      else batch.forEach((write, sink) => this.#refuse(write, sink, error))
      return
    }
    const { fenced, declined } = result
    if (fenced.size === 0 && declined.size === 0) batch.forEach((write, sink) => sink.committed(write))
    else
      batch.forEach((write, sink) => {
        if (fenced.has(write)) this.#refuse(write, sink, lost())
        else if (declined.has(write)) sink.declined?.()
        else sink.committed(write)
      })
  }

  #withoutBroken(batch: Batch): Batch {
    const whole = new Batch()
    batch.forEach((write, sink) => {
      if (this.#broken.has(write.claim)) sink.refused(this.#broken.get(write.claim))
      else whole.add(write, sink)
    })
    return whole
  }

  #refuse({ claim }: Write, sink: CommitSink, error: unknown): void {
    this.#someBroken = true
    this.#broken.set(claim, error)
    sink.refused(error)
  }
}

function byClaim(batch: Batch): Batch[] {
  const runs = new Map<Claim, Batch>()
  batch.forEach((write, sink) => {
    const run = runs.get(write.claim) ?? new Batch()
    run.add(write, sink)
    runs.set(write.claim, run)
  })
  return [...runs.values()]
}

/** Whether others of the batch might be taken without it: too large a value, one that does not fit, a journal out of order. */
function isOfOneRun(error: unknown): boolean {
  return error instanceof StoreError && ['unsupported', 'full', 'corrupt'].includes(error.problem)
}

function lost(): StoreError {
  return new StoreError(
    'fenced',
    'The run was taken over by another process, so this one can record nothing more of it',
  )
}
