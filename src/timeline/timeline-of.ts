import { nameOf } from '../core/key.ts'
import type { Key } from '../core/ports/effects.ts'
import { adviceOf, keyOf } from './advice.ts'
import { type Branch, type Crowd, layoutOf, occupancyOf } from './branches.ts'
import { criticalPathOf, type Piece } from './critical-path.ts'
import { deadlinesOf } from './deadlines.ts'
import { type Frame, frameOf, inOrder } from './frame.ts'
import { type Group, groupsOf } from './groups.ts'
import type { Lane } from './lanes.ts'
import { lanesOf } from './operations.ts'
import { restsOf } from './rests.ts'
import type { RunHistory, TimelineOptions } from './source.ts'
import { standingOf } from './standing.ts'
import type {
  CriticalSegment,
  Timeline,
  TimelineGroup,
  TimelineOperation,
  TimelineRun,
  TimelineTotals,
} from './timeline.ts'
import { totalWithout } from './without-limits.ts'

/**
 * What ran when in a run, and what decided how long it took: read off its journal and notes alone.
 *
 * ```ts
 * const details = await engine.inspect(id)
 * const timeline = timelineOf(details, Date.now(), { interrupted: !(await engine.isRunning(details.record)) })
 * ```
 *
 * Of a run that was retried it has operations as they stand: what the retry did not repeat is where it was, and what it repeats
 * is there once. Pure: the same arguments give the same timeline. Never throws for what a journal may hold, also where
 * it is half written, or its clock jumped: what cannot be is cut to length 0.
 * @param now milliseconds since the epoch; counts only while the run has not ended
 */
export function timelineOf(source: RunHistory, now: number, options: TimelineOptions = {}): Timeline {
  const { interrupted = false } = options
  const frame = frameOf(source, now, interrupted)
  const journal = inOrder(source.journal)
  const groups = groupsOf(source.notes, frame)
  const lanes = lanesOf(source, journal, standingOf(journal, source.record), groups, frame)
  const deadlines = deadlinesOf(journal, source, frame)
  const layout = layoutOf(lanes, groups, frame, deadlines)
  const path = criticalPathOf(lanes, layout, deadlines, restsOf(source, journal, frame), frame)
  const critical = new Set(path.map(({ lane }) => lane))
  const zombies = new Set((source.zombies ?? []).map(({ key }) => key))
  return {
    run: runOf(source, frame, interrupted),
    at: frame.at,
    operations: operationsOf(lanes, critical, zombies),
    groups: groupsIn(layout.crowds, frame, critical),
    criticalPath: path.map(segmentOf),
    totals: totalsOf(
      lanes,
      frame,
      totalWithout(layout, () => true),
    ),
    advice: adviceOf(layout, path, frame.at - frame.from),
  }
}

function runOf({ record }: RunHistory, frame: Frame, interrupted: boolean): TimelineRun {
  const { id, workflow, status } = record
  const isLeft = interrupted && !frame.ended && status !== 'blocked'
  const until = frame.ended ? frame.at : undefined
  return { id, workflow, status: isLeft ? 'interrupted' : status, from: frame.from, until }
}

function operationsOf(
  lanes: readonly Lane[],
  critical: ReadonlySet<Lane | undefined>,
  zombies: ReadonlySet<Key>,
): TimelineOperation[] {
  return inOrderOfBeginning(lanes).map((lane): TimelineOperation => {
    const { id, kind, state, spans, until, attempts, place, child, error } = lane
    const key = keyOf(lane)
    return {
      key,
      name: nameOf(key),
      kind,
      state,
      spans,
      from: shownFrom(lane),
      until,
      attempts,
      ignoresSignal: zombies.has(id),
      group: place?.group.key,
      branch: place?.label,
      child,
      error,
      critical: critical.has(lane),
    }
  })
}

function shownFrom({ spans, end }: Lane): number {
  return spans[0]?.from ?? end
}

/**
 * Of those that began together, what took no time is first, and branches of a group are in their order there: not in that in
 * which they ended.
 */
function inOrderOfBeginning(lanes: readonly Lane[]): Lane[] {
  const ranks = new Map<Group, number>()
  for (const { place } of lanes)
    if (place !== undefined && !ranks.has(place.group)) ranks.set(place.group, ranks.size)
  const rank = ({ place }: Lane): number => (place === undefined ? -1 : (ranks.get(place.group) ?? 0))
  const position = ({ place }: Lane): number => (typeof place?.label === 'number' ? place.label : 0)
  const isBrief = (lane: Lane): number => (lane.end === shownFrom(lane) ? 0 : 1)
  return lanes.toSorted(
    (a, b) =>
      shownFrom(a) - shownFrom(b) ||
      isBrief(a) - isBrief(b) ||
      rank(a) - rank(b) ||
      position(a) - position(b),
  )
}

function groupsIn(
  crowds: readonly Crowd[],
  frame: Frame,
  critical: ReadonlySet<Lane | undefined>,
): TimelineGroup[] {
  const criticalCrowds = new Set<Crowd>()
  const holds = ({ items }: Branch): boolean =>
    items.some(({ lane, group }) =>
      group === undefined ? lane !== undefined && critical.has(lane) : criticalCrowds.has(group),
    )
  for (const crowd of crowds.toReversed()) if (crowd.branches.some(holds)) criticalCrowds.add(crowd)
  // Where clocks differ, a group may seem to begin before the one that it is in.
  const begun = new Map<Crowd, number>()
  for (const crowd of crowds) {
    const around = crowd.around.group
    begun.set(crowd, Math.max(crowd.from, around === undefined ? frame.from : (begun.get(around) ?? 0)))
  }
  const sorted = crowds.toSorted((a, b) => (begun.get(a) ?? 0) - (begun.get(b) ?? 0))
  return sorted.map((crowd) => groupOf(crowd, criticalCrowds.has(crowd)))
}

function groupOf(crowd: Crowd, critical: boolean): TimelineGroup {
  const { from } = crowd
  const { key, shape, until, place } = crowd.group
  const { kind, limit } = shape
  const size = crowd.branches.reduce(
    (most, { label }, index) => Math.max(most, index + 1, typeof label === 'number' ? label + 1 : 0),
    shape.size,
  )
  const group = place?.group.key
  return { key, name: nameOf(key), kind, group, limit, size, from, until, ...occupancyOf(crowd), critical }
}

function segmentOf({ lane, phase, from, until }: Piece): CriticalSegment {
  return { key: lane === undefined ? undefined : keyOf(lane), phase, from, until }
}

function totalsOf(lanes: readonly Lane[], { from, at }: Frame, unlimited: number): TimelineTotals {
  const wall = at - from
  let work = 0
  for (const { spans } of lanes)
    for (const span of spans) if (span.phase === 'running') work += (span.until ?? at) - span.from
  return {
    wall,
    work,
    speedUp: wall > 0 ? work / wall : 1,
    unlimited: Math.max(0, Math.min(wall, unlimited)),
  }
}
