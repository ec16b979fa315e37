import type { JournalEntry, Note, RunHistory } from 'ai-workflows'
import { encodeShape } from '../../../src/core/group-shape.ts'
import type { GroupShape } from '../../../src/core/ports/effects.ts'

type Completion = JournalEntry['completion']

/** A run's journal and notes, made by hand. Its time begins at 0. */
export class History {
  readonly #journal: JournalEntry[] = []
  readonly #notes: Note[] = []
  #record: RunHistory['record'] = {
    id: 'r',
    workflow: 'flow',
    status: 'running',
    createdAt: 0,
    endedAt: undefined,
    base: 0,
    earlier: [],
    dropped: [],
    forkedFrom: undefined,
  }

  /** A step that was done in one attempt. */
  step(key: string, startedAt: number, at: number, attempt = 1): this {
    return this.entry({ kind: 'step-done', key, startedAt, at, attempt, payload: '1' })
  }

  failed(key: string, startedAt: number, at: number, attempt = 1, retryAt?: number): this {
    const failure = { kind: 'step-failed', key, startedAt, at, attempt, payload: '"no"' } as const
    return this.entry(retryAt === undefined ? failure : { ...failure, retryAt })
  }

  entry(completion: Completion): this {
    this.#journal.push({ seq: this.#journal.length + 1, completion })
    return this
  }

  note(kind: Note['kind'], key: string, at: number, rest: Partial<Note> = {}): this {
    this.#notes.push({ kind, key, at, attempt: 0, due: 0, ...rest })
    return this
  }

  started(key: string, at: number, attempt = 1): this {
    return this.note('started', key, at, { attempt })
  }

  /** @param until 0 while it has not ended */
  group(key: string, from: number, until: number, shape: Partial<GroupShape> = {}): this {
    const { kind = 'parallel', limit, members, size = members?.length ?? 2 } = shape
    const detail = encodeShape({ kind, limit, members, size })
    return this.note('group', key, from, { due: until, detail })
  }

  is(record: Partial<RunHistory['record']>): this {
    this.#record = { ...this.#record, ...record }
    return this
  }

  ended(endedAt: number, status: 'completed' | 'failed' | 'cancelled' = 'completed'): this {
    return this.is({ status, endedAt })
  }

  /** The run is retried: what comes now is its next order. */
  retried(): this {
    this.#notes.length = 0
    const { base, earlier } = this.#record
    return this.is({
      base: this.#journal.length,
      earlier: [...earlier, base],
      status: 'running',
      endedAt: undefined,
    })
  }

  get source(): RunHistory {
    return { record: this.#record, journal: [...this.#journal], notes: [...this.#notes] }
  }
}
