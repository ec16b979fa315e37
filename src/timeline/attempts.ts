/** What a journal tells of each operation: its attempts, how it ended, where it stands. */
import { isDropped } from '../core/journal-survey.ts'
import { compensatedBy } from '../core/key.ts'
import type { Completion, Encoded, Key } from '../core/ports/effects.ts'
import type { JournalEntry, Note, RunRecord } from '../core/ports/store.ts'
import type { TimelineOperation } from './timeline.ts'

/** What a timeline is made from: `RunDetails` has all of it. */
export interface RunHistory {
  readonly record: RunRecord
  readonly journal: readonly JournalEntry[]
  readonly notes: readonly Note[]
  /** Functions that were given up and still run. */
  readonly zombies?: readonly { readonly key: Key }[]
}

/** One call of a step's function; of other operations, the one time that they wait. */
export interface Attempt {
  readonly attempt: number
  /** Absent where only the end is known. */
  readonly from: number | undefined
  /** Absent while it lasts, as far as is known. */
  until: number | undefined
  /** It failed, and the next is due then. */
  readonly retryAt: number | undefined
}

/** All that is known of one operation, whatever became of its run. */
export interface Facts {
  readonly key: Key
  readonly kind: TimelineOperation['kind']
  /** In order. */
  readonly attempts: Attempt[]
  ended: 'done' | 'failed' | 'cancelled' | undefined
  child: string | undefined
  error: Encoded | undefined
}

type Known = Exclude<Completion, { kind: 'aborted' | 'abort-absent' | 'stopped' | 'cancel-requested' }>

/**
 * By key, in the order in which they came to be known. Of a run that was retried, operations are as they stand: what a retry
 * did not repeat has the times of when it was done.
 */
export function factsOf({ record, journal, notes }: RunHistory): Map<Key, Facts> {
  const facts = new Map<Key, Facts>()
  const of = (key: Key, kind: Facts['kind']): Facts => {
    let known = facts.get(key)
    if (known === undefined)
      facts.set(
        key,
        (known = { key, kind, attempts: [], ended: undefined, child: undefined, error: undefined }),
      )
    return known
  }
  for (const { seq, completion } of journal)
    if (!isDropped(record.dropped, seq) && isOfCode(completion))
      addCompletion(of(completion.key, kindOf(completion)), completion)
  for (const note of notes) addNote(note, of, facts)
  for (const { attempts } of facts.values()) attempts.sort((a, b) => a.attempt - b.attempt)
  return facts
}

/** Not something that the library did by itself: a timeout, a stagger. */
function isOfCode(completion: Completion): completion is Known {
  const { kind, key } = completion
  return (
    kind !== 'aborted' &&
    kind !== 'abort-absent' &&
    kind !== 'stopped' &&
    kind !== 'cancel-requested' &&
    isNamedByCode(key)
  )
}

function isNamedByCode(key: Key): boolean {
  return !key.includes('!') || compensatedBy(key) !== undefined
}

function kindOf({ kind, key }: Known): Facts['kind'] {
  switch (kind) {
    case 'step-done':
    case 'step-failed':
      return stepOrCompensation(key)
    case 'timer-fired':
      return 'sleep'
    case 'event-received':
    case 'event-failed':
      return 'event'
    case 'child-done':
    case 'child-failed':
      return 'child'
  }
}

function stepOrCompensation(key: Key): 'step' | 'compensation' {
  return compensatedBy(key) === undefined ? 'step' : 'compensation'
}

function addCompletion(facts: Facts, completion: Known): void {
  const { at, kind } = completion
  if (kind === 'step-done' || kind === 'step-failed') {
    const { attempt, startedAt, payload } = completion
    const retryAt = kind === 'step-failed' ? completion.retryAt : undefined
    put(facts, { attempt, from: Math.min(startedAt, at), until: at, retryAt })
    facts.ended = kind === 'step-done' ? 'done' : retryAt === undefined ? 'failed' : undefined
    facts.error = kind === 'step-failed' ? payload : undefined
    return
  }
  const failed = kind === 'event-failed' || kind === 'child-failed'
  if (kind === 'child-done' || kind === 'child-failed') facts.child = completion.name
  put(facts, { attempt: 0, from: undefined, until: at, retryAt: undefined })
  facts.ended = failed ? 'failed' : 'done'
  facts.error = failed ? completion.payload : undefined
}

/** A later order may have done it again. */
function put(facts: Facts, attempt: Attempt): void {
  const at = facts.attempts.findIndex((known) => known.attempt === attempt.attempt)
  if (at === -1) facts.attempts.push(attempt)
  else facts.attempts[at] = attempt
}

function addNote(
  { key, at, kind, attempt, due }: Note,
  of: (key: Key, kind: Facts['kind']) => Facts,
  facts: ReadonlyMap<Key, Facts>,
): void {
  if (kind === 'group' || kind === 'trace' || !isNamedByCode(key)) return
  if (kind === 'cancelled') {
    const known = facts.get(key)
    const given = known?.attempts.find((each) => each.attempt === attempt)
    if (known === undefined || given === undefined || given.until !== undefined) return
    given.until = Math.max(at, given.from ?? at)
    known.ended = 'cancelled'
    return
  }
  const known = of(
    key,
    kind === 'started'
      ? attempt === 0
        ? 'child'
        : stepOrCompensation(key)
      : kind === 'due'
        ? 'sleep'
        : 'event',
  )
  const same = known.attempts.findIndex((each) => each.attempt === attempt)
  if (same === -1)
    known.attempts.push({ attempt, from: at, until: undefined, retryAt: kind === 'due' ? due : undefined })
  else known.attempts[same] = withStart(known.attempts[same] as Attempt, at)
}

/** Of what waits, only its end is in the journal. */
function withStart(attempt: Attempt, at: number): Attempt {
  if (attempt.from !== undefined) return attempt
  return { ...attempt, from: attempt.until === undefined ? at : Math.min(at, attempt.until) }
}
