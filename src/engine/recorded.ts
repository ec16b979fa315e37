import { StoreError } from '../core/errors.ts'
import type { Completion } from '../core/ports/effects.ts'
import type { Claim, JournalEntry, JournalSurvey, Store } from '../core/ports/store.ts'
import { nextTurn } from '../core/turn.ts'

/** Entries that are read at once: neither that, nor delivering them, may hold the event loop up for long. */
export const PAGE = 256

/** Entries that are counted at once. */
const COUNTED = 4096

/** Every entry after `after`, a page at a time, with a turn of the event loop before each but the first. */
export async function* journalPages(
  store: Pick<Store, 'readJournal'>,
  no: number,
  after = 0,
): AsyncGenerator<readonly JournalEntry[]> {
  for (let at = after; ;) {
    if (at > after) await nextTurn()
    const page = await store.readJournal(no, at, PAGE)
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    at = last.seq
  }
}

/** The whole journal, read without holding the event loop up. */
export async function wholeJournal(
  store: Pick<Store, 'readJournal'>,
  no: number,
  after = 0,
): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  for await (const page of journalPages(store, no, after)) entries.push(...page)
  return entries
}

/** Surveys everything after `after`. */
export async function surveyAfter(store: Store, no: number, after: number): Promise<JournalSurvey> {
  let entries = 0
  let steps = 0
  let cancelled = false
  for (;;) {
    const part = await store.surveyJournal(no, after + entries, COUNTED)
    entries += part.entries
    steps += part.steps
    cancelled ||= part.cancelled
    if (part.entries < COUNTED) return { entries, steps, cancelled }
    await nextTurn()
  }
}

/** The order that an execution replays: read a page at a time, each when the one before has been delivered. */
export class Recorded {
  readonly length: number
  readonly #store: Store
  readonly #id: string
  readonly #claim: Claim
  readonly #last: number
  #after: number
  /** Read when the execution was prepared. */
  #first: readonly JournalEntry[]

  constructor(
    store: Store,
    id: string,
    claim: Claim,
    order: { readonly base: number; readonly last: number; readonly first: readonly JournalEntry[] },
  ) {
    this.#store = store
    this.#id = id
    this.#claim = claim
    this.#first = order.first
    this.#after = order.base
    this.#last = order.last
    this.length = order.last - order.base
  }

  /** Whether there is another page. */
  get more(): boolean {
    return this.#after < this.#last
  }

  /** @throws {StoreError} it cannot be read, or the run is not this execution's any more */
  async next(): Promise<readonly Completion[]> {
    const page = this.#first.length > 0 ? this.#first : await this.#read()
    this.#first = []
    // What this execution records meanwhile comes after the replay, from memory.
    const recorded = page.filter(({ seq }) => seq <= this.#last)
    this.#after = recorded.at(-1)?.seq ?? this.#last
    return recorded.map(({ completion }) => completion)
  }

  async #read(): Promise<readonly JournalEntry[]> {
    await nextTurn()
    try {
      const page = await this.#store.readJournal(this.#claim.no, this.#after, PAGE)
      if (page.length > 0) return page
    } catch (error) {
      await this.#requireClaim()
      throw error
    }
    await this.#requireClaim()
    throw new StoreError(
      'corrupt',
      `The journal of run ${JSON.stringify(this.#id)} in ${this.#store.location} ends at entry ${this.#after}, and had ${this.#last} when its replay began`,
    )
  }

  /** Another process may have ended the run meanwhile, and deleted it. */
  async #requireClaim(): Promise<void> {
    const record = await this.#store.getRun(this.#id)
    if (record?.no !== this.#claim.no || record.epoch !== this.#claim.epoch)
      throw new StoreError('fenced', 'The run was taken over by another process while it was replayed')
  }
}
