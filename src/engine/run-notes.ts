import type { Clock } from '../core/ports/clock.ts'
import { type DescribedGroup, type Key, TRACE_KEY } from '../core/ports/effects.ts'
import type { Claim, Note } from '../core/ports/store.ts'
import { SmallMap } from '../core/small-collections.ts'
import type { CommitSink, GroupCommit, NoteSource } from './group-commit.ts'
import { GroupNotes } from './group-notes.ts'
import type { History } from './history.ts'

export interface RunNotesParts {
  readonly claim: Claim
  readonly history: Pick<History, 'groups' | 'origin'>
  readonly clock: Clock
  readonly commits: GroupCommit
  /** Told what became of each. */
  readonly sink: CommitSink
  /** The attempts that run and were not asked for before. */
  readonly grownUp: () => Iterable<{
    readonly key: Key
    readonly attempt: number
    readonly startedAt: number
  }>
}

/**
 * What is noted of one run beside its journal: attempts under way, deadlines, groups, how it is traced. Invariant: a note is
 * written after a while, and of what has ended by then only groups are noted.
 */
export class RunNotes implements NoteSource {
  readonly #parts: RunNotesParts
  /** Of timers, events and children. Those of steps follow from what runs. */
  readonly #due = new SmallMap<Key, Note>()
  /** Made for the first. */
  #groups: GroupNotes | undefined
  #origin: Note | undefined

  constructor(parts: RunNotesParts) {
    this.#parts = parts
  }

  /** Steps have begun. */
  look(): void {
    this.#parts.commits.noteLater(this)
  }

  add(key: Key, kind: 'started' | 'due' | 'waiting', due: number): void {
    this.#due.set(key, { key, at: this.#parts.clock.now(), kind, attempt: 0, due })
    this.look()
  }

  /** It has ended, and is noted no more. */
  drop(key: Key): void {
    this.#due.delete(key)
  }

  /** What earlier executions have noted stands. */
  traced(origin: string | undefined): void {
    const { clock, history } = this.#parts
    if (origin === undefined || history.origin !== undefined) return
    this.#origin = { key: TRACE_KEY, at: clock.now(), kind: 'trace', attempt: 0, due: 0, detail: origin }
    this.look()
  }

  /** The run ends here, so nobody will go on with its trace. */
  dropOrigin(): void {
    this.#origin = undefined
  }

  groupBegan(group: DescribedGroup, at: number = this.#parts.clock.now()): void {
    this.#groups ??= new GroupNotes(this.#parts.history.groups)
    this.#groups.began(group, at)
    this.look()
  }

  groupEnded(key: Key, at: number = this.#parts.clock.now()): void {
    if (this.#groups === undefined) return
    this.#groups.ended(key, at)
    this.look()
  }

  writeNotes(): void {
    for (const { key, attempt, startedAt } of this.#parts.grownUp())
      this.write({ key, at: startedAt, kind: 'started', attempt, due: 0 })
    for (const note of this.#due.values()) this.write(note)
    this.#due.clear()
    if (this.#origin !== undefined) this.write(this.#origin)
    this.#origin = undefined
    this.writeGroups()
  }

  /** What groups there were, before the run's end: nothing can be noted after it. */
  writeGroups(): void {
    for (const note of this.#groups?.take() ?? []) this.write(note)
  }

  write(note: Note): void {
    const { commits, claim, sink } = this.#parts
    commits.push({ kind: 'note', claim, note }, sink)
  }
}
