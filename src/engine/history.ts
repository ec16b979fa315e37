import type { Key } from '../core/ports/effects.ts'
import { RunNotFoundError } from '../core/errors.ts'
import { endsStep, surveyOf } from '../core/journal-survey.ts'
import type { Claim, InboxItem, JournalEntry, Note, RunRecord, Store } from '../core/ports/store.ts'
import { outcomesOf, timesUndone } from '../effects/outcomes.ts'
import { journalPages, PAGE, Recorded, surveyAfter } from './recorded.ts'
import { Reusable } from '../effects/reusable.ts'

/** What is known of a run when an execution of it begins. */
export interface History {
  /** The order to replay. */
  readonly recorded: Recorded
  readonly lastSeq: number
  /** How many steps will not run again: a retried run may have recorded one of them several times. */
  readonly steps: number
  /** The order to replay has a request to end the run. */
  readonly cancelled: boolean
  /** Successes of earlier orders. */
  readonly reusable: Reusable
  /** The last attempt of each step that is known to have begun. */
  readonly begun: ReadonlyMap<Key, number>
  /** Deadlines of timers that have started. */
  readonly due: ReadonlyMap<Key, number>
  /** Since when events are waited for. */
  readonly waiting: ReadonlyMap<Key, number>
  /** The last note of each group. */
  readonly groups: ReadonlyMap<Key, Note>
  /** What the first execution that was traced called itself. */
  readonly origin: string | undefined
  readonly inbox: readonly InboxItem[]
}

/**
 * Reads a run under a claim to it: before that, another process may have executed it, and a retry moved its base.
 * @returns undefined when the claim is not the current one any more: a process that was stopped meanwhile has lost it
 */
export async function readHistory(
  store: Store,
  id: string,
  claim: Claim,
): Promise<{ readonly record: RunRecord; readonly history: History } | undefined> {
  const { no, epoch } = claim
  const [first, notes, inbox] = await Promise.all([
    store.readJournal(no, 0, PAGE),
    store.readNotes(no),
    store.pendingInbox(no),
  ])
  // After them, so that it answers for them.
  let record = await getRun(store, id)
  if (record.epoch !== epoch) return undefined
  const isWhole = first.length === 0 && record.base === 0
  const order = isWhole ? NOTHING : await readOrder(store, record, first)
  if (!isWhole) record = await getRun(store, id)
  if (record.epoch !== epoch) return undefined
  const { base } = record
  const recorded = new Recorded(store, id, claim, { base, last: order.last, first: base === 0 ? first : [] })
  return { record, history: historyOf(recorded, order, notes, inbox) }
}

/**
 * The history of a run that its claim created: nothing can be recorded of it. Only its inbox is read, since others may have
 * found the run at once.
 */
export async function historyOfNew(store: Store, id: string, claim: Claim): Promise<History> {
  const recorded = new Recorded(store, id, claim, { base: 0, last: 0, first: [] })
  return historyOf(recorded, NOTHING, [], await store.pendingInbox(claim.no))
}

function historyOf(
  recorded: Recorded,
  { last: lastSeq, ...order }: Order,
  notes: readonly Note[],
  inbox: readonly InboxItem[],
): History {
  return {
    recorded,
    lastSeq,
    ...order,
    begun: latest(notes, 'started', ({ attempt }) => attempt),
    due: latest(notes, 'due', ({ due }) => due),
    waiting: latest(notes, 'waiting', ({ at }) => at),
    groups: latest(notes, 'group', (note) => note),
    origin: notes.find(({ kind }) => kind === 'trace')?.detail,
    inbox,
  }
}

async function getRun(store: Store, id: string): Promise<RunRecord> {
  const record = await store.getRun(id)
  if (record === undefined) throw new RunNotFoundError(id, store.location)
  return record
}

interface Order extends Pick<History, 'steps' | 'cancelled' | 'reusable'> {
  readonly last: number
}

const NOTHING: Order = { last: 0, steps: 0, cancelled: false, reusable: new Reusable([], new Map()) }

/** What has to be known before the replay. Of a run that was never retried, nothing that needs its results. */
async function readOrder(store: Store, run: RunRecord, first: readonly JournalEntry[]): Promise<Order> {
  if (run.base > 0) return await readOrders(store, run)
  const read = first.at(-1)?.seq ?? 0
  const rest = await surveyAfter(store, run.no, read)
  const beginning = surveyOf(first)
  return {
    last: read + rest.entries,
    steps: beginning.steps + rest.steps,
    cancelled: beginning.cancelled || rest.cancelled,
    reusable: NOTHING.reusable,
  }
}

async function readOrders(store: Store, run: RunRecord): Promise<Order> {
  const earlier: JournalEntry[] = []
  const keys = new Set<Key>()
  let last = run.base
  let cancelled = false
  for await (const page of journalPages(store, run.no))
    for (const entry of page) {
      last = entry.seq
      if (entry.seq <= run.base) earlier.push(entry)
      else {
        if (endsStep(entry.completion)) keys.add(entry.completion.key)
        cancelled ||= entry.completion.kind === 'cancel-requested'
      }
    }
  const reusable = new Reusable(outcomesOf(earlier, run), timesUndone(earlier))
  for (const key of reusable.stepKeys) keys.add(key)
  return { last, steps: keys.size, cancelled, reusable }
}

const NO_NOTES: ReadonlyMap<Key, never> = new Map<Key, never>()

function latest<T>(
  notes: readonly Note[],
  kind: Note['kind'],
  value: (note: Note) => T,
): ReadonlyMap<Key, T> {
  if (notes.length === 0) return NO_NOTES
  const found = new Map<Key, T>()
  for (const note of notes) if (note.kind === kind) found.set(note.key, value(note))
  return found
}
