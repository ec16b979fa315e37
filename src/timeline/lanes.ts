/** When each operation did what. */
import { compensatedBy, nameOf } from '../core/key.ts'
import type { Encoded, Key } from '../core/ports/effects.ts'
import { type Attempts, attemptsOf, isOpen, type Noted } from './attempts.ts'
import type { Frame } from './frame.ts'
import type { Groups, Place } from './groups.ts'
import type { Known } from './source.ts'
import type { OperationState, Span, TimelineOperation } from './timeline.ts'

/** One operation. */
export interface Lane {
  /** Its key in the journal: of a compensation not that of the step. */
  readonly id: Key
  readonly kind: TimelineOperation['kind']
  readonly state: OperationState
  readonly spans: readonly Span[]
  /** When it began to do something; absent where that is not known, or never was. */
  readonly begun: number | undefined
  /** It did something, though perhaps nothing is known of when. */
  readonly ran: boolean
  /** Absent while it has not ended. */
  readonly until: number | undefined
  /** Until when it did something, as far as is known: its end, now, or the last that was heard of it. */
  readonly end: number
  readonly attempts: number
  readonly place: Place | undefined
  readonly child: string | undefined
  readonly error: Encoded | undefined
}

export interface LaneSource {
  readonly frame: Frame
  readonly groups: Groups
  readonly standing: ReadonlyMap<Key, readonly Known[]>
  readonly notes: ReadonlyMap<Key, Noted>
  /** When others went on with what a process had left behind, in order. */
  readonly resumptions: readonly number[]
  /** Since when operations waited of which nobody wrote that down. */
  readonly guesses: ReadonlyMap<Key, number>
  /** Waits for events that were over because their time was. */
  readonly timedOut: ReadonlyMap<Key, number>
}

/** Where what began without an outcome came to its end, if it has. */
interface Closing {
  readonly state: OperationState | undefined
  /** When; of what is interrupted, the last that was heard of it. */
  readonly at: number | undefined
}

export function stepLane(source: LaneSource, id: Key, entries: readonly Known[]): Lane {
  const { frame, groups, notes } = source
  const noted = notes.get(id)
  const kind = compensatedBy(id) === undefined ? 'step' : 'compensation'
  const place = kind === 'step' ? groups.placeOf(id) : undefined
  const attempts = attemptsOf(entries, noted, source.resumptions, frame)
  const last = entries.at(-1)
  const history = isOpen(entries)
    ? closed(attempts.spans, closingOf(place, frame, attempts))
    : ended(
        attempts.spans,
        last?.kind === 'step-done' ? 'done' : 'failed',
        frame.placed(last?.at ?? frame.from),
      )
  return {
    id,
    kind,
    ...begunAt(place, history, frame),
    attempts: attempts.count,
    child: undefined,
    error: last?.kind === 'step-failed' ? last.payload : undefined,
  }
}

/** Of a sleep, an event or a child. */
export function waitLane(
  source: LaneSource,
  id: Key,
  kind: 'child' | 'sleep' | 'event',
  entry: Known | undefined,
): Lane {
  const { frame, groups, notes } = source
  const place = groups.placeOf(id)
  const over = entry?.at ?? source.timedOut.get(id)
  const until = over === undefined ? undefined : frame.placed(over)
  const noted = notes.get(id)?.waiting ?? notes.get(`${id}!timeout`)?.waiting ?? source.guesses.get(id)
  const begun = noted === undefined || until === undefined ? noted : Math.min(noted, until)
  const waited: Span[] = begun === undefined ? [] : [{ phase: 'waiting', from: begun, until: undefined }]
  const history =
    until === undefined
      ? closed(waited, closingOf(place, frame, undefined))
      : ended(waited, stateOf(entry), until)
  const child = entry?.kind === 'child-done' || entry?.kind === 'child-failed' ? entry.name : undefined
  return {
    id,
    kind,
    ...begunAt(place, history, frame),
    attempts: 0,
    child,
    error: entry?.kind === 'child-failed' || entry?.kind === 'event-failed' ? entry.payload : undefined,
  }
}

type Begun = Pick<Lane, 'place' | 'begun' | 'ran' | 'spans' | 'state' | 'until' | 'end'>

/** What is said of everything that has begun, or ended. */
function begunAt(place: Place | undefined, { spans, state, until }: Ended, frame: Frame): Begun {
  const begun = spans[0]?.from
  return {
    place,
    begun,
    ran: true,
    spans: queuedBefore(spans, place, begun),
    state,
    until,
    end: endOf(spans, until, frame),
  }
}

/** A member of a group that has not begun, as far as is known. What kind it is shows in its name alone. */
export function queuedLane(id: Key, place: Place, frame: Frame): Lane {
  const { from } = place.group
  const { state, at } = closingOf(place, frame, undefined)
  const until = state === 'interrupted' ? undefined : at
  const name = nameOf(id)
  return {
    id,
    kind: name === 'sleep' ? 'sleep' : name.startsWith('event:') ? 'event' : 'step',
    place,
    state: state ?? 'queued',
    spans: [{ phase: 'queued', from, until: at === undefined ? undefined : Math.max(from, at) }],
    begun: undefined,
    ran: false,
    until: until === undefined ? undefined : Math.max(from, until),
    end: Math.max(from, at ?? frame.at),
    attempts: 0,
    child: undefined,
    error: undefined,
  }
}

function stateOf(entry: Known | undefined): OperationState {
  if (entry === undefined) return 'cancelled'
  return entry.kind === 'child-failed' || entry.kind === 'event-failed' ? 'failed' : 'done'
}

function closingOf(place: Place | undefined, frame: Frame, attempts: Attempts | undefined): Closing {
  if (attempts?.givenUpAt !== undefined) return { state: 'cancelled', at: attempts.givenUpAt }
  const over = place?.group.until ?? (frame.ended ? frame.at : undefined)
  if (over !== undefined) return { state: 'cancelled', at: over }
  if (frame.stalledSince !== undefined) return { state: 'interrupted', at: frame.stalledSince }
  return { state: undefined, at: undefined }
}

interface Ended {
  readonly spans: Span[]
  readonly state: OperationState
  readonly until: number | undefined
}

function closed(spans: readonly Span[], { state, at }: Closing): Ended {
  const last = spans.at(-1)
  if (state === undefined || at === undefined || last === undefined)
    return { spans: [...spans], state: last?.phase ?? 'waiting', until: undefined }
  const over = ended(spans, state, at)
  return state === 'interrupted' ? { ...over, until: undefined } : over
}

/** Its last span lasts until then, unless that has its end. */
function ended(spans: readonly Span[], state: OperationState, at: number): Ended {
  const last = spans.at(-1)
  if (last === undefined) return { spans: [], state, until: at }
  const until = last.until ?? Math.max(last.from, at)
  return { spans: [...spans.slice(0, -1), { ...last, until }], state, until }
}

function endOf(spans: readonly Span[], until: number | undefined, frame: Frame): number {
  return until ?? spans.at(-1)?.until ?? frame.at
}

function queuedBefore(spans: Span[], place: Place | undefined, begun: number | undefined): Span[] {
  const since = place?.isMember === true ? place.group.from : undefined
  if (since === undefined || begun === undefined || begun <= since) return spans
  return [{ phase: 'queued', from: since, until: begun }, ...spans]
}
