/** Journals written by hand: times are milliseconds after the run's creation. */
import type { Completion, JournalEntry, Note, RunRecord } from 'ai-workflows'
import { encodeShape } from '../../../src/core/group-shape.ts'
import type { GroupShape } from '../../../src/core/ports/effects.ts'
import type { RunHistory } from 'ai-workflows'

export const T0 = 1_700_000_000_000

export class Story {
  readonly #journal: JournalEntry[] = []
  readonly #notes: Note[] = []
  #record: RunRecord

  constructor(record: Partial<RunRecord> = {}) {
    this.#record = {
      no: 1,
      id: 'r',
      workflow: 'w',
      status: 'running',
      input: '',
      output: undefined,
      error: undefined,
      parent: undefined,
      source: undefined,
      seed: '',
      base: 0,
      earlier: [],
      createdAt: T0,
      endedAt: undefined,
      owner: undefined,
      epoch: 1,
      wakeAt: undefined,
      dropped: [],
      forkedFrom: undefined,
      ...record,
    }
  }

  done(key: string, from: number, until: number, attempt = 1): this {
    return this.completed({
      kind: 'step-done',
      key,
      at: T0 + until,
      attempt,
      startedAt: T0 + from,
      payload: 'null',
    })
  }

  failed(
    key: string,
    from: number,
    until: number,
    { attempt = 1, retryAt }: { attempt?: number; retryAt?: number } = {},
  ): this {
    const again = retryAt === undefined ? {} : { retryAt: T0 + retryAt }
    return this.completed({
      kind: 'step-failed',
      key,
      at: T0 + until,
      attempt,
      startedAt: T0 + from,
      payload: '"no"',
      ...again,
    })
  }

  completed(completion: Completion): this {
    this.#journal.push({ seq: this.#journal.length + 1, completion })
    return this
  }

  note(key: string, kind: Note['kind'], at: number, rest: Partial<Note> = {}): this {
    this.#notes.push({
      key,
      at: T0 + at,
      kind,
      attempt: kind === 'started' || kind === 'cancelled' ? 1 : 0,
      due: 0,
      ...rest,
    })
    return this
  }

  group(key: string, from: number, until: number | undefined, shape: Partial<GroupShape>): this {
    const whole: GroupShape = {
      kind: 'parallel',
      limit: undefined,
      size: shape.members?.length ?? 0,
      members: undefined,
      ...shape,
    }
    return this.note(key, 'group', from, {
      due: until === undefined ? 0 : T0 + until,
      detail: encodeShape(whole),
    })
  }

  ended(at: number, status: RunRecord['status'] = 'completed'): this {
    this.#record = { ...this.#record, status, endedAt: T0 + at }
    return this
  }

  get history(): RunHistory {
    return { record: this.#record, journal: this.#journal, notes: this.#notes }
  }
}

/** A plan, three fetches of which two may run at once, and a report that needs two attempts. */
export function example(): Story {
  return new Story()
    .done('plan', 0, 100)
    .group('fetches', 100, 400, { limit: 2, members: ['fetch-0', 'fetch-1', 'fetch-2'] })
    .done('fetch-0', 100, 250)
    .done('fetch-1', 100, 200)
    .done('fetch-2', 200, 400)
    .failed('report', 400, 450, { retryAt: 500 })
    .done('report', 500, 600, 2)
    .ended(600)
}
