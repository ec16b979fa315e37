import { ENDED } from '../core/ports/store.ts'
import { nameOf } from '../core/key.ts'
import { adviceOf } from './advice.ts'
import { factsOf, type RunHistory } from './attempts.ts'
import { type Branches, branchesOf, mostAtOnce } from './branches.ts'
import { begunAt, criticalPathOf, Endings } from './critical-path.ts'
import { Groups, type KnownGroup } from './groups.ts'
import { type Drawn, type Moment, operationsOf } from './operations.ts'
import type { Timeline, TimelineGroup } from './timeline.ts'
import { WithoutLimits } from './without-limits.ts'

export interface TimelineOptions {
  /** Nobody executes the run, though its record says that it runs. Default `false`. */
  readonly interrupted?: boolean
}

/**
 * The timeline of a run, from what its journal tells: `timelineOf(await engine.inspect(id), Date.now())`. Pure, and makes the best
 * of any journal: one that is half written, or whose clock jumped.
 *
 * What lasted less than 50 ms and has no record of its own (a step that was given up, a sleep that was cancelled) is not known. Nor is
 * when a shorter sleep, child or wait began: it has no spans. Of branches that an iterable gave, operations are in no group.
 * @param now milliseconds since the epoch: until when it is drawn, if it has not ended
 */
export function timelineOf(history: RunHistory, now: number, options: TimelineOptions = {}): Timeline {
  const { record, notes, zombies = [] } = history
  const interrupted = options.interrupted === true
  const moment = momentOf(history, now, interrupted)
  const groups = new Groups(notes)
  const operations = operationsOf(factsOf(history), groups, new Set(zombies.map(({ key }) => key)), moment)
  const endings = new Endings(operations, groups, moment.at)
  const path = criticalPathOf(endings, groups, moment)
  const critical = criticalGroups(path.operations, groups)
  const branches = branchesOf(operations, groups, (each) => {
    const from = begunAt(each)
    return Number.isFinite(from) ? { from, until: endings.of(each) } : undefined
  })
  const wall = moment.at - moment.from
  const work = workOf(operations, moment.at)
  return {
    run: {
      id: record.id,
      workflow: record.workflow,
      status: interrupted ? 'interrupted' : record.status,
      from: moment.from,
      until: moment.ended ? moment.at : undefined,
    },
    at: moment.at,
    operations: operations.map((each) => ({ ...each, critical: path.operations.has(each) })),
    groups: [...groups.values()]
      .map((group) => timelineGroup(group, groups, branches, moment, critical.has(group.key)))
      .sort((a, b) => a.from - b.from),
    criticalPath: path.segments,
    totals: {
      wall,
      work,
      speedUp: wall === 0 ? 1 : work / wall,
      unlimited: new WithoutLimits(operations, groups, endings, moment, isLimited).total,
    },
    advice: adviceOf({ operations, groups, endings, moment, path }),
  }
}

/** A clock may have jumped: nothing that is recorded lies after the end. */
function momentOf({ record, journal }: RunHistory, now: number, interrupted: boolean): Moment {
  const { createdAt: from, endedAt, status } = record
  const ended = endedAt !== undefined && (ENDED.has(status) || status === 'blocked')
  const last = journal.reduce((latest, { completion: { at } }) => Math.max(latest, at), from)
  return { from, at: ended ? Math.max(from, endedAt) : Math.max(now, last), ended, interrupted }
}

function isLimited({ shape }: KnownGroup): boolean {
  return shape.limit !== undefined
}

function criticalGroups(operations: ReadonlySet<Drawn>, groups: Groups): ReadonlySet<string> {
  const found = new Set<string>()
  for (const operation of operations)
    for (let key = operation.group; key !== undefined && !found.has(key); key = groups.placeOf(key)?.group)
      found.add(key)
  return found
}

function workOf(operations: readonly Drawn[], at: number): number {
  let work = 0
  for (const { spans } of operations)
    for (const { phase, from, until } of spans)
      if (phase === 'running') work += (until ?? Math.max(from, at)) - from
  return work
}

function timelineGroup(
  { key, shape, from, until }: KnownGroup,
  groups: Groups,
  branches: Branches,
  { at, ended }: Moment,
  critical: boolean,
): TimelineGroup {
  const extents = [...(branches.get(key)?.values() ?? [])]
  const most = mostAtOnce(extents)
  const end = until ?? Math.max(from, at)
  const busy = extents.reduce(
    (sum, each) => sum + Math.max(0, Math.min(each.until, end) - Math.max(each.from, from)),
    0,
  )
  const places = (shape.limit === undefined ? most : Math.min(shape.limit, shape.size)) * (end - from)
  return {
    key,
    name: nameOf(key),
    kind: shape.kind,
    group: groups.placeOf(key)?.group,
    limit: shape.limit,
    size: Math.max(shape.size, branches.get(key)?.size ?? 0),
    from,
    until: until ?? (ended ? end : undefined),
    most,
    full: places === 0 ? 0 : Math.min(1, busy / places),
    critical,
  }
}
