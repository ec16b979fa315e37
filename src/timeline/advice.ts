/**
 * What could be changed. Said only where it is worth it: of a run that took `WORTH_TIME`, not counting when nobody executed it, and
 *
 * - `limit`: a group's limit cost `WORTH_SAVING` of that (of each group by itself, in the model of `without-limits.ts`)
 * - `step`: the functions of one step, or of several of one name, are `MOST` of it on the critical path
 * - `sequence`: `SEQUENCE` steps or more outside of groups are `MOST` of it on the critical path, not much ran beside
 *   them, and together at once would have saved `WORTH_SAVING`
 * - `retries`: failed attempts and the waits after them are `WORTH_RETRIES` of it on the critical path
 * - `waiting`: sleeps, events and children are `MOST` of it on the critical path
 */
import { nameOf } from '../core/key.ts'
import type { Crowd, Layout } from './branches.ts'
import type { Piece } from './critical-path.ts'
import { placesFor } from './enough.ts'
import type { Lane } from './lanes.ts'
import type { Advice } from './timeline.ts'
import { totalWithout } from './without-limits.ts'
import { durationText } from '../core/duration-text.ts'
import { listed, percent, quoted } from './words.ts'

const WORTH_TIME = 100
const WORTH_SAVING = 0.1
const WORTH_RETRIES = 0.2
const MOST = 0.5

/** Two that follow each other mostly have a reason to. */
const SEQUENCE = 3

/** Steps that together take more than this times what they are on the path run at the same time already. */
const BESIDE = 1.5

/** For so many groups it is calculated what their limit cost: those whose branches waited longest. */
const MOST_GROUPS = 5

/** A limit is enough when not more than this part of what it cost would be lost. */
const TOLERANCE = 0.05

export function adviceOf(layout: Layout, path: readonly Piece[], wall: number): Advice[] {
  const isRest = ({ lane, phase }: Piece): boolean =>
    phase === 'waiting' && (lane === undefined || lane.kind === 'step' || lane.kind === 'compensation')
  const active = wall - lengthOf(path.filter(isRest))
  if (active < WORTH_TIME) return []
  const limited = limits(layout, wall, active)
  const inSequence = sequence(layout, path, active)
  const isTold = ({ place }: Lane): boolean =>
    place === undefined ? inSequence.length > 0 : limited.some(({ key }) => key === place.group.key)
  const all = [
    ...limited,
    ...oneStep(path, active, isTold),
    ...inSequence,
    ...retries(path, active),
    ...waiting(path, active),
  ]
  return all.sort((a, b) => b.cost - a.cost)
}

function limits(layout: Layout, wall: number, active: number): Advice[] {
  const waited = ({ from: begun, branches }: Crowd): number =>
    branches.reduce((sum, { from, freedBy }) => sum + (freedBy === undefined ? 0 : from - begun), 0)
  const limited = layout.crowds
    .map((crowd) => ({ crowd, time: waited(crowd) }))
    .filter(({ time }) => time >= WORTH_SAVING * active)
    .sort((a, b) => b.time - a.time)
  return limited.slice(0, MOST_GROUPS).flatMap(({ crowd }) => {
    const cost = Math.max(0, wall - totalWithout(layout, (each) => each === crowd))
    return cost < WORTH_SAVING * active ? [] : [limitAdvice(crowd, cost, active)]
  })
}

function limitAdvice({ group, branches }: Crowd, cost: number, active: number): Advice {
  const limit = group.shape.limit ?? branches.length
  const lengths = branches.map(({ from, end }) => end - from)
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0)
  const enough = placesFor(lengths, longest + TOLERANCE * cost, limit)
  const isOver = group.until !== undefined
  const text = `\`concurrency: ${limit}\` of ${quoted(nameOf(group.key))} cost ${durationText(cost)} of ${durationText(active)}${
    isOver ? `; ${enough} would have been enough, if what it calls can take as many at once.` : ' so far.'
  }`
  return { kind: 'limit', text, key: group.key, cost }
}

/** @param isTold why several of them come one after another is told by another advice */
function oneStep(path: readonly Piece[], active: number, isTold: (lane: Lane) => boolean): Advice[] {
  const families = new Map<string, Piece[]>()
  for (const piece of path) {
    if (piece.lane === undefined || piece.phase !== 'running') continue
    const name = familyOf(piece.lane)
    const family = families.get(name)
    if (family === undefined) families.set(name, [piece])
    else family.push(piece)
  }
  for (const [name, pieces] of families) {
    const cost = lengthOf(pieces)
    if (cost < MOST * active) continue
    const lanes = lanesOf(pieces)
    const [first] = lanes
    if (first === undefined || (lanes.length > 1 && lanes.every(isTold))) continue
    const share = `${percent(cost, active)} of the time is`
    const took = `${durationText(cost)} of ${durationText(active)}.`
    const text =
      lanes.length === 1
        ? `${share} one step, ${quoted(nameOf(keyOf(first)))}: ${took}`
        : `${share} ${quoted(name)}, ${lanes.length} times one after another: ${took}`
    return [{ kind: 'step', text, key: keyOf(longestOf(pieces) ?? first), cost }]
  }
  return []
}

function sequence({ root }: Layout, path: readonly Piece[], active: number): Advice[] {
  const pieces = path.filter(
    ({ lane, phase }) => lane?.kind === 'step' && lane.place === undefined && phase === 'running',
  )
  const lanes = lanesOf(pieces)
  const total = lengthOf(pieces)
  const longest = longestOf(pieces)
  if (lanes.length < SEQUENCE || longest === undefined || total < MOST * active) return []
  const work = root.items.reduce(
    (sum, { lane, from, end }) => sum + (lane?.kind === 'step' ? end - from : 0),
    0,
  )
  if (work > BESIDE * total) return []
  const cost = total - lengthOf(pieces.filter(({ lane }) => lane === longest))
  if (cost < WORTH_SAVING * active) return []
  const names = [...new Set(lanes.map((lane) => nameOf(keyOf(lane))))]
  const text = `${percent(total, active)} of the time is ${lanes.length} steps one after another (${listed(names)}). Those that do not need one another's results can run in \`parallel\`, which would save up to ${durationText(cost)}.`
  return [{ kind: 'sequence', text, key: undefined, cost }]
}

function retries(path: readonly Piece[], active: number): Advice[] {
  // An attempt whose process died has not failed: nothing backs off after it.
  const isFailed = ({ lane, phase }: Piece, next: Piece | undefined): boolean =>
    phase === 'running' && next?.lane === lane && next?.phase === 'backing-off'
  const pieces = path.filter((piece, at) => piece.phase === 'backing-off' || isFailed(piece, path[at + 1]))
  const cost = lengthOf(pieces)
  const most = longestOf(pieces)
  if (most === undefined || cost < WORTH_RETRIES * active) return []
  const count = lanesOf(pieces).length
  const which =
    count === 1
      ? `of ${quoted(nameOf(keyOf(most)))}`
      : `of ${count} steps, most of it ${quoted(nameOf(keyOf(most)))},`
  const text = `Failed attempts ${which} and the waits after them took ${durationText(cost)} of ${durationText(active)}.`
  return [{ kind: 'retries', text, key: keyOf(most), cost }]
}

function waiting(path: readonly Piece[], active: number): Advice[] {
  const pieces = path.filter(
    ({ lane, phase }) => lane !== undefined && lane.kind !== 'step' && phase === 'waiting',
  )
  const cost = lengthOf(pieces)
  const most = longestOf(pieces)
  if (most === undefined || cost < MOST * active) return []
  const count = lanesOf(pieces).length
  const name = quoted(nameOf(keyOf(most)))
  const text = `${percent(cost, active)} of the time is waiting for ${waitedFor(most)}, ${count === 1 ? name : `most of it ${name}`}.`
  return [{ kind: 'waiting', text, key: keyOf(most), cost }]
}

function waitedFor({ kind }: Lane): string {
  if (kind === 'sleep') return 'time to pass'
  return kind === 'child' ? 'another run' : 'an event'
}

/** Steps whose names differ in a number only. */
function familyOf(lane: Lane): string {
  return nameOf(keyOf(lane)).replace(/\d+/g, '*')
}

/** Of a compensation, that of the step. */
export function keyOf({ id, kind }: Lane): string {
  return kind === 'compensation' ? id.slice(0, id.lastIndexOf('!')) : id
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { from, until }) => sum + until - from, 0)
}

function lanesOf(pieces: readonly Piece[]): Lane[] {
  return [...new Set(pieces.flatMap(({ lane }) => (lane === undefined ? [] : [lane])))]
}

function longestOf(pieces: readonly Piece[]): Lane | undefined {
  const lengths = new Map<Lane, number>()
  let longest: Lane | undefined
  for (const { lane, from, until } of pieces) {
    if (lane === undefined) continue
    const length = (lengths.get(lane) ?? 0) + until - from
    lengths.set(lane, length)
    if (longest === undefined || length > (lengths.get(longest) ?? 0)) longest = lane
  }
  return longest
}
