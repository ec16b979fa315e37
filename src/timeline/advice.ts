/** What to change, in plain sentences. */
import { durationText } from '../core/duration-text.ts'
import { nameOf } from '../core/key.ts'
import { branchesOf, mostAtOnce } from './branches.ts'
import type { CriticalPath, Endings } from './critical-path.ts'
import type { Groups, KnownGroup } from './groups.ts'
import type { Drawn, Moment } from './operations.ts'
import type { Advice, CriticalSegment } from './timeline.ts'
import { WithoutLimits } from './without-limits.ts'

export interface Findings {
  readonly operations: readonly Drawn[]
  readonly groups: Groups
  readonly endings: Endings
  readonly moment: Moment
  readonly path: CriticalPath
}

/** Parts of the whole time below which nothing is said. */
const WORTH = { limit: 0.1, step: 0.5, sequence: 0.4, retries: 0.2, waiting: 0.5 }

/** Milliseconds of the whole below which nothing is worth changing. */
const SHORT = 100

/** Groups whose limits are looked at: those whose branches waited longest. */
const MOST_GROUPS = 5

/** Steps one after another that are called a sequence. */
const SEQUENCE = 3

export function adviceOf(findings: Findings): Advice[] {
  const wall = findings.moment.at - findings.moment.from
  if (wall < SHORT) return []
  const advice = [
    ...limits(findings, wall),
    ...steps(findings, wall),
    ...sequences(findings, wall),
    ...retries(findings, wall),
    ...waiting(findings, wall),
  ]
  return advice.sort((a, b) => b.cost - a.cost)
}

function limits({ operations, groups, endings, moment }: Findings, wall: number): Advice[] {
  const advice: Advice[] = []
  for (const { key, shape } of mostQueued(operations, groups)) {
    const without = new WithoutLimits(operations, groups, endings, moment, (group) => group.key === key)
    const cost = wall - without.total
    if (cost < WORTH.limit * wall) continue
    const branches = branchesOf(operations, groups, (each) => without.timesOf(each)).get(key)
    const enough = mostAtOnce(branches?.values() ?? [])
    const name = nameOf(key)
    const text =
      `\`concurrency: ${shape.limit}\` of \`${name}\` cost ${durationText(cost)} of ${durationText(wall)}; ` +
      `${enough} would have been enough, if what it calls can take as many at once.`
    advice.push({ kind: 'limit', text, key, cost })
  }
  return advice
}

function mostQueued(operations: readonly Drawn[], groups: Groups): KnownGroup[] {
  const queued = new Map<string, number>()
  for (const { group, spans } of operations) {
    const [first] = spans
    if (group === undefined || first?.phase !== 'queued') continue
    queued.set(group, (queued.get(group) ?? 0) + ((first.until ?? first.from) - first.from))
  }
  // Of function branches nobody knows how long they waited: their groups are looked at as well.
  const limited = [...groups.values()].filter(
    ({ shape: { limit, size } }) => limit !== undefined && limit < size,
  )
  const weight = ({ key, shape }: KnownGroup): number =>
    queued.get(key) ?? (shape.members === undefined ? shape.size : 0)
  return limited.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_GROUPS)
}

function steps({ operations, path }: Findings, wall: number): Advice[] {
  const kinds = new Map(operations.map((each) => [each.key, each]))
  const byName = new Map<string, { time: number; keys: Set<string> }>()
  for (const { key, phase, from, until } of path.segments) {
    if (key === undefined || phase !== 'running' || kinds.get(key)?.kind !== 'step') continue
    const name = nameOf(key)
    const known = byName.get(name) ?? { time: 0, keys: new Set<string>() }
    byName.set(name, known)
    known.time += until - from
    known.keys.add(key)
  }
  return [...byName]
    .filter(([, { time }]) => time >= WORTH.step * wall)
    .map(([name, { time, keys }]): Advice => {
      const [key] = keys
      const part = `${Math.round((100 * time) / wall)}% of the time`
      const text =
        keys.size === 1
          ? `${part} is one step, \`${name}\`: ${durationText(time)} of ${durationText(wall)}.`
          : `${part} is \`${name}\`, ${keys.size} times one after another: ${durationText(time)} of ${durationText(wall)}.`
      return { kind: 'step', text, key: keys.size === 1 ? key : undefined, cost: time }
    })
}

/** The longest stretch of steps outside of groups that followed each other. */
function sequences({ operations, path }: Findings, wall: number): Advice[] {
  const outside = new Set(
    operations.filter(({ group, kind }) => group === undefined && kind === 'step').map(({ key }) => key),
  )
  let best = { keys: new Set<string>(), time: 0 }
  let current = { keys: new Set<string>(), time: 0 }
  for (const { key, from, until } of path.segments) {
    if (key === undefined) continue
    if (!outside.has(key)) current = { keys: new Set(), time: 0 }
    else {
      current.keys.add(key)
      current.time += until - from
      if (current.time > best.time) best = current
    }
  }
  if (best.keys.size < SEQUENCE || best.time < WORTH.sequence * wall) return []
  const text =
    `${best.keys.size} steps ran one after another, for ${durationText(best.time)} of ${durationText(wall)}. ` +
    'Those that need nothing of each other can run at the same time: `parallel([…])`.'
  return [{ kind: 'sequence', text, key: undefined, cost: best.time }]
}

/** What failed attempts took, and the waits after them. */
function retries({ operations, path }: Findings, wall: number): Advice[] {
  const lasts = new Map(
    operations.map(({ key, spans }) => [key, spans.findLast(({ phase }) => phase === 'running')?.from ?? 0]),
  )
  const lost = path.segments.filter(
    ({ key, phase, from }) =>
      key !== undefined && (phase === 'backing-off' || (phase === 'running' && from < (lasts.get(key) ?? 0))),
  )
  const cost = sum(lost)
  if (cost < WORTH.retries * wall) return []
  const keys = new Set(lost.map(({ key }) => key))
  const [key] = keys
  const who = keys.size === 1 && key !== undefined ? `\`${nameOf(key)}\`` : `${keys.size} steps`
  const text = `Failed attempts of ${who}, and the waits after them, took ${durationText(cost)} of ${durationText(wall)}.`
  return [{ kind: 'retries', text, key: keys.size === 1 ? key : undefined, cost }]
}

function waiting({ path }: Findings, wall: number): Advice[] {
  const waits = path.segments.filter(({ phase }) => phase === 'waiting')
  const cost = sum(waits)
  if (cost < WORTH.waiting * wall) return []
  const longest = waits.reduce((a, b) => (b.until - b.from > a.until - a.from ? b : a))
  const most = longest.key === undefined ? '' : `, most of all for \`${nameOf(longest.key)}\``
  const text = `The run waited for ${durationText(cost)} of ${durationText(wall)}${most}: for time, an event or a child run.`
  return [{ kind: 'waiting', text, key: longest.key, cost }]
}

function sum(segments: readonly CriticalSegment[]): number {
  return segments.reduce((total, { from, until }) => total + (until - from), 0)
}
