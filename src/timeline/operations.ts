/** Operations with their phases. */
import { compensatedBy, nameOf } from '../core/key.ts'
import type { Key } from '../core/ports/effects.ts'
import type { Attempt, Facts } from './attempts.ts'
import type { Groups } from './groups.ts'
import type { OperationState, Phase, Span, TimelineOperation } from './timeline.ts'

/** What has become of the run. */
export interface Moment {
  /** When it ended, or now. */
  readonly at: number
  readonly ended: boolean
  /** Nobody executes it, though it has not ended. */
  readonly interrupted: boolean
  readonly from: number
}

/** An operation as its own records tell it; what is critical is not known yet. */
export type Drawn = Omit<TimelineOperation, 'critical'>

/** Those that are known to have begun or ended, and the branches that have not begun. In the order in which they began. */
export function operationsOf(
  facts: ReadonlyMap<Key, Facts>,
  groups: Groups,
  zombies: ReadonlySet<Key>,
  moment: Moment,
): Drawn[] {
  const drawn: Drawn[] = []
  for (const known of facts.values()) {
    const { key, kind } = known
    const step = kind === 'compensation' ? (compensatedBy(key) ?? key) : key
    const place = kind === 'compensation' ? undefined : groups.placeOf(key)
    const { spans, state, until } = historyOf(known, groups, moment)
    drawn.push({
      key: step,
      name: nameOf(step),
      kind,
      state,
      spans,
      from: spans[0]?.from ?? until ?? moment.from,
      until,
      attempts: kind === 'step' || kind === 'compensation' ? (known.attempts.at(-1)?.attempt ?? 0) : 0,
      ignoresSignal: zombies.has(key),
      group: place?.group,
      branch: place?.branch,
      child: known.child,
      error: known.error,
    })
  }
  for (const key of groups.members())
    if (!facts.has(key) && groups.get(key) === undefined) drawn.push(notBegun(key, groups, moment))
  return drawn.sort((a, b) => a.from - b.from)
}

interface History {
  readonly spans: readonly Span[]
  readonly state: OperationState
  readonly until: number | undefined
}

function historyOf(facts: Facts, groups: Groups, moment: Moment): History {
  const { key, kind, attempts } = facts
  const latest = attempts.at(-1)
  const isOpen = facts.ended === undefined
  const over = isOpen ? overAt(key, groups, moment) : undefined
  const busy: Phase = kind === 'step' || kind === 'compensation' ? 'running' : 'waiting'
  const spans = spansOf(attempts, busy, over)
  const until =
    spans.length > 0 ? spans.at(-1)?.until : facts.ended === undefined ? over : (latest?.until ?? over)
  if (facts.ended !== undefined) return { spans: queuedBefore(spans, key, groups), state: facts.ended, until }
  const phase = spans.at(-1)?.phase ?? busy
  const state =
    over !== undefined ? 'cancelled' : moment.interrupted && phase === 'running' ? 'interrupted' : phase
  return { spans: queuedBefore(spans, key, groups), state, until }
}

/** When something that has no end of its own was over: with its group, or with its run. */
function overAt(key: Key, groups: Groups, { ended, at }: Moment): number | undefined {
  const place = groups.placeOf(key)
  const group = place === undefined ? undefined : groups.get(place.group)
  return group?.until ?? (ended ? at : undefined)
}

/** @param over when what has no end of its own was over */
function spansOf(attempts: readonly Attempt[], busy: Phase, over: number | undefined): Span[] {
  const known = attempts.filter((each) => each.from !== undefined)
  const spans: Span[] = []
  const last = (): number | undefined => spans.at(-1)?.until
  for (const [index, { attempt, from = 0, until }] of known.entries()) {
    const begun = Math.max(from, last() ?? from)
    fill(spans, begun, attempt)
    // Of one that its process did not survive, nobody knows when it ended: at the latest when the next began.
    const ended = until ?? known[index + 1]?.from ?? over
    const numbered = attempt === 0 ? {} : { attempt }
    spans.push({
      phase: busy,
      from: begun,
      until: ended === undefined ? undefined : Math.max(begun, ended),
      ...numbered,
    })
  }
  const final = known.at(-1)
  const failedAt = last()
  if (busy === 'running' && final?.retryAt !== undefined && failedAt !== undefined && over !== failedAt) {
    const until = over === undefined ? undefined : Math.max(failedAt, over)
    spans.push({ phase: 'backing-off', from: failedAt, until, attempt: final.attempt + 1 })
  }
  return spans
}

/** What lies between two attempts. */
function fill(spans: Span[], until: number, attempt: number): void {
  const from = spans.at(-1)?.until
  if (from !== undefined && from < until) spans.push({ phase: 'backing-off', from, until, attempt })
}

/** A branch wanted to begin when its group did. */
function queuedBefore(spans: Span[], key: Key, groups: Groups): readonly Span[] {
  const [first] = spans
  const place = groups.isMember(key) ? groups.placeOf(key) : undefined
  const group = place === undefined ? undefined : groups.get(place.group)
  if (first === undefined || group === undefined || group.from >= first.from) return spans
  return [{ phase: 'queued', from: group.from, until: first.from }, ...spans]
}

function notBegun(key: Key, groups: Groups, moment: Moment): Drawn {
  const place = groups.placeOf(key)
  const group = place === undefined ? undefined : groups.get(place.group)
  const from = group?.from ?? moment.from
  const over = overAt(key, groups, moment)
  const until = over === undefined ? undefined : Math.max(from, over)
  return {
    key,
    name: nameOf(key),
    kind: 'step',
    state: until === undefined ? 'queued' : 'cancelled',
    spans: [{ phase: 'queued', from, until }],
    from,
    until,
    attempts: 0,
    ignoresSignal: false,
    group: place?.group,
    branch: place?.branch,
    child: undefined,
    error: undefined,
  }
}
