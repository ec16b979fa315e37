/** Recovery by hand: from where a run is retried, and what a fork of it begins with. */
import { nearest } from '../core/check.ts'
import { CancelledError, RunConflictError, StepNotFoundError } from '../core/errors.ts'
import type { Encoded, Key } from '../core/ports/effects.ts'
import { ENDED, type JournalEntry, type Reopening, type RunRecord } from '../core/ports/store.ts'
import { openChildren } from './each-run.ts'
import { type Outcome, outcomesOf } from '../effects/outcomes.ts'
import type { Parts } from './parts.ts'
import { wholeJournal } from './recorded.ts'

export interface Fork {
  /** Default: everything that succeeded. */
  readonly fromStep: Key | undefined
  /** Default: the input of the run that is forked. */
  readonly input: Encoded | undefined
  readonly id: string | undefined
}

/**
 * Makes an ended or blocked run do `fromStep`, and everything that was recorded after it, anew. One transaction: a crash
 * leaves the run either as it was, or to be gone on with.
 * @throws {StepNotFoundError | RunConflictError}
 */
export async function reopenFrom({ store }: Parts, record: RunRecord, fromStep: Key): Promise<void> {
  const { no, epoch, id, status } = record
  if (!ENDED.has(status) && status !== 'blocked')
    throw new RunConflictError(
      id,
      'and is unfinished',
      'go on with it or cancel it before retrying it from a step, or fork it',
    )
  const journal = await wholeJournal(store, no)
  const { before, after } = cut(outcomesOf(journal, record), record.id, fromStep)
  const reopening: Reopening = {
    no,
    epoch,
    fresh: true,
    dropped: ranges(after, before, journal.length),
    redeliver: receptions(journal, after),
  }
  if (!(await store.reopen(reopening)))
    throw new RunConflictError(id, 'and has just been changed by somebody else', 'look at it again')
}

/**
 * A blocked run may have children under way, which its next execution would have found. Those that will be done anew are
 * other runs (`childId`), so the earlier ones are asked to end.
 */
export async function endSuperseded(
  { store, codec }: Parts,
  parent: RunRecord,
  cancelRun: (id: string, reason: Encoded) => Promise<void>,
): Promise<void> {
  const reason = codec.encodeError(new CancelledError({ kind: 'run-cancelled', by: parent.id }))
  for await (const child of openChildren(store, parent.id)) await cancelRun(child.id, reason)
}

/**
 * The id of a child run. One that is done anew, because its parent was retried from a step before it, is another run: its
 * input may differ now, and what the earlier one did stays on record.
 */
export function childId(parent: RunRecord, key: Key, given: string | undefined): string {
  const id = given ?? `${parent.id}/${key}`
  return parent.dropped.length === 0 ? id : `${id}~${parent.dropped.length + 1}`
}

/**
 * Creates a run of the same workflow that begins with what `record` has recorded.
 * @throws {StepNotFoundError | RunConflictError} and no run is created
 */
export async function createFork(
  { store, clock, random }: Parts,
  record: RunRecord,
  { fromStep, input, id = random.uuid() }: Fork,
): Promise<RunRecord> {
  const outcomes = outcomesOf(await wholeJournal(store, record.no), record)
  const before = fromStep === undefined ? outcomes : cut(outcomes, record.id, fromStep).before
  const prefix = before.filter(({ reusable }) => reusable).map(({ completion }) => completion)
  const { run, created } = await store.createRun(
    {
      id,
      workflow: record.workflow,
      input: input ?? record.input,
      parent: undefined,
      source: record.source,
      seed: record.seed,
      createdAt: clock.now(),
      forkedFrom: record.id,
    },
    prefix,
  )
  if (!created) throw new RunConflictError(id, 'so a fork cannot have its id', 'choose another id')
  return run
}

interface Cut {
  readonly before: readonly Outcome[]
  /** `fromStep` is the first. */
  readonly after: readonly Outcome[]
}

function cut(outcomes: readonly Outcome[], runId: string, fromStep: Key): Cut {
  const at = outcomes.findIndex(({ completion: { key } }) => key === fromStep && isUsers(key))
  if (at >= 0) return { before: outcomes.slice(0, at), after: outcomes.slice(at) }
  const keys = outcomes.map(({ completion: { key } }) => key).filter(isUsers)
  const inBranches = keys.filter((key) => key.endsWith(`/${fromStep}`))
  throw new StepNotFoundError(runId, fromStep, [...inBranches, ...nearest(fromStep, keys)], keys)
}

/** Not the library's own: a timeout, a cancel request. */
function isUsers(key: Key): boolean {
  return !key.includes('!')
}

/** The places of what is dropped, in few ranges, none of which touches what is kept. */
function ranges(dropped: readonly Outcome[], kept: readonly Outcome[], end: number): [number, number][] {
  const isDropped = new Set(dropped.map(({ seq }) => seq))
  const isKept = new Set(kept.map(({ seq }) => seq))
  const found: [number, number][] = []
  let open: [number, number] | undefined
  for (let seq = 1; seq <= end; seq++) {
    if (isKept.has(seq)) open = undefined
    else if (isDropped.has(seq)) {
      if (open === undefined) found.push((open = [seq, seq]))
      else open[1] = seq
    }
  }
  return found
}

/** Where events were consumed that are waited for anew: the entry of the first order that had one, or a later one. */
function receptions(journal: readonly JournalEntry[], dropped: readonly Outcome[]): number[] {
  const keys = new Set(
    dropped.flatMap(({ completion }) => (completion.kind === 'event-received' ? [completion.key] : [])),
  )
  return journal.flatMap(({ seq, completion: { kind, key } }) =>
    kind === 'event-received' && keys.has(key) ? [seq] : [],
  )
}
