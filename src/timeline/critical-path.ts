/**
 * What decided the total. The critical path method (Kelley and Walker, 1959: "Critical-Path Planning and Scheduling") finds in
 * a plan the chain of activities that the end waits for. Here it is found in what happened, as tracing tools do it: from the end
 * backwards, each time to what finished last before. A journal does not tell who waited for whom, so that is read off times:
 *
 * 1. Before the end comes the operation that ended last. What was given up decided nothing, but for what a time limit, or a
 *    request to cancel, put an end to: that lasted until then.
 * 2. Before a member of a group that had no place comes the branch whose end freed it.
 * 3. Before any other comes what ended last in its own branch (in the run's own code, for what is in no branch); before the
 *    first of a branch comes the branch that had its place or, where it had one at once, what came before its group.
 * 4. Unless something else, anywhere, ended more than `SLACK` later and still before it began: then it waited for that. Branches
 *    may share operations.
 *
 * Between one and the next there is the run's own code; or `queued`, where a member waited for its turn; or `waiting` for
 * nothing in particular, where nobody executed the run.
 */
import { above, type Frame } from './frame.ts'
import type { Branch, Crowd, Item, Layout } from './branches.ts'
import type { Deadlines } from './deadlines.ts'
import type { Lane } from './lanes.ts'
import type { Span } from './timeline.ts'

/** What a commit takes, and more: so much may lie between the end of one and the beginning of the next that waited for it. */
const SLACK = 10

export interface Piece {
  /** Absent for what is no operation's. */
  readonly lane: Lane | undefined
  readonly phase: Span['phase'] | 'code'
  readonly from: number
  readonly until: number
  /** Of an operation: which of its spans; absent where it has none. */
  readonly span: Span | undefined
}

export type Rest = readonly [from: number, until: number]

/** What the end may have waited for. */
interface Ending {
  readonly lane: Lane
  readonly end: number
}

/**
 * From the beginning to the end, without gaps.
 * @param rests when nobody executed the run, in order
 */
export function criticalPathOf(
  lanes: readonly Lane[],
  layout: Layout,
  deadlines: Deadlines,
  rests: readonly Rest[],
  frame: Frame,
): Piece[] {
  const endings = endingsOf(lanes, deadlines)
  const order = new Map(endings.map(({ lane }, index) => [lane, index]))
  const ends = Float64Array.from(endings, ({ end }) => end)
  const structure = new Structure(layout, order, endings)
  const trail = new Trail(frame, rests)
  let current = endings.length
  let ending = endings[--current]
  while (ending !== undefined) {
    trail.cover(ending)
    const { lane } = ending
    const since = lane.begun ?? trail.from
    const latest = Math.min(current, above(ends, since)) - 1
    const near = lane.begun === undefined ? undefined : structure.before(lane, since, current)
    const isCertain = near?.hadPlace === true && isMember(lane)
    const isNear = near !== undefined && (isCertain || (ends[latest] ?? 0) - (ends[near.index] ?? 0) <= SLACK)
    trail.waited = isNear && near.hadPlace
    current = isNear ? near.index : latest
    ending = endings[current]
  }
  return trail.finish()
}

/**
 * By end; of those that ended together, the one that lasted longest is last. What took no time decides nothing: so whatever is
 * found for something ended before that began, and has its place before it.
 */
function endingsOf(lanes: readonly Lane[], deadlines: Deadlines): Ending[] {
  const endings: Ending[] = []
  for (const lane of lanes) {
    if (!lane.ran) continue
    const end = lane.state === 'cancelled' ? deadlines.over(lane) : lane.end
    if (end !== undefined && lane.begun !== end) endings.push({ lane, end })
  }
  const begun = ({ lane, end }: Ending): number => lane.begun ?? end
  return endings.sort((a, b) => a.end - b.end || begun(b) - begun(a))
}

interface Near {
  readonly index: number
  /** It had the place that was waited for. */
  readonly hadPlace: boolean
}

/** What comes before what, by the groups and branches that things are in. Places among the endings stand for operations. */
class Structure {
  readonly #layout: Layout
  readonly #order: ReadonlyMap<Lane, number>
  readonly #endings: readonly Ending[]
  /** Of each branch the places of those in it, or deeper, that ended last, one for each item: in order. */
  readonly #within = new Map<Branch, Float64Array>()
  readonly #last = new Map<Branch | Crowd, number>()
  readonly #beforeGroup = new Map<Crowd, Near | undefined>()

  constructor(layout: Layout, order: ReadonlyMap<Lane, number>, endings: readonly Ending[]) {
    this.#layout = layout
    this.#order = order
    this.#endings = endings
    for (const crowd of layout.crowds.toReversed()) {
      let last = -1
      for (const branch of crowd.branches) last = Math.max(last, this.#index(branch))
      this.#last.set(crowd, last)
    }
    this.#index(layout.root)
    for (const crowd of layout.crowds)
      this.#beforeGroup.set(crowd, this.#beforeItem(crowd.around, crowd.from))
  }

  /** @param limit places from this one on are not to be had */
  before(lane: Lane, since: number, limit: number): Near | undefined {
    const branch = this.#layout.branchOf.get(lane)
    const near = branch && this.#beforeItem(branch, since)
    return near === undefined || near.index < 0 || near.index >= limit ? undefined : near
  }

  #beforeItem(branch: Branch, since: number): Near | undefined {
    const within = this.#within.get(branch)
    const before = within?.[this.#endedBy(within, since) - 1]
    if (before !== undefined) return { index: before, hadPlace: false }
    if (branch.freedBy !== undefined) return { index: this.#last.get(branch.freedBy) ?? -1, hadPlace: true }
    return branch.group === undefined ? undefined : this.#beforeGroup.get(branch.group)
  }

  /** How many of them had ended by then. */
  #endedBy(within: Float64Array, since: number): number {
    let [low, high] = [0, within.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#endOf(within[middle]) <= since) low = middle + 1
      else high = middle
    }
    return low
  }

  #index(branch: Branch): number {
    const places = branch.items.map((item) => this.#lastOf(item)).filter((place) => place >= 0)
    const within = Float64Array.from(places).sort()
    this.#within.set(branch, within)
    const last = within.at(-1) ?? -1
    this.#last.set(branch, last)
    return last
  }

  #lastOf({ lane, group }: Item): number {
    if (lane !== undefined) return this.#order.get(lane) ?? -1
    return group === undefined ? -1 : (this.#last.get(group) ?? -1)
  }

  #endOf(place: number | undefined): number {
    return this.#endings[place ?? -1]?.end ?? Number.NEGATIVE_INFINITY
  }
}

/** Grows backwards from the end. Parts without length are left out. */
class Trail {
  /** It is covered from here on. */
  from: number
  /** What was covered last waited for a place. */
  waited = false
  readonly #pieces: Piece[] = []
  readonly #begin: number
  readonly #rests: readonly Rest[]
  readonly #restsFrom: readonly number[]
  #later: Lane | undefined

  constructor(frame: Frame, rests: readonly Rest[]) {
    this.from = frame.at
    this.#begin = frame.from
    this.#rests = rests
    this.#restsFrom = rests.map(([from]) => from)
  }

  cover({ lane, end }: Ending): void {
    this.#gap(end)
    for (const span of lane.spans.toReversed())
      if (span.phase !== 'queued') this.#add(lane, span.phase, span.from, span)
    this.#later = lane
  }

  finish(): Piece[] {
    this.#gap(this.#begin)
    return this.#pieces.toReversed()
  }

  /** Between what came later and what ended at `since`. */
  #gap(since: number): void {
    const later = this.#later
    const queued = later?.spans[0]?.phase === 'queued' ? later.spans[0] : undefined
    if (later !== undefined && later.begun === undefined) this.#add(later, 'waiting', since, undefined)
    else if (later !== undefined && this.waited && (queued !== undefined || !isMember(later)))
      this.#add(later, 'queued', since, queued)
    else if (later !== undefined && queued !== undefined)
      this.#add(later, 'queued', Math.max(since, queued.from), queued)
    for (let at = above(this.#restsFrom, this.from) - 1; at >= 0; at--) {
      const [from, until] = this.#rests[at] ?? [since, since]
      if (until <= since) break
      this.#add(undefined, 'code', Math.max(since, until), undefined)
      this.#add(undefined, 'waiting', Math.max(since, from), undefined)
    }
    this.#add(undefined, 'code', since, undefined)
  }

  #add(lane: Lane | undefined, phase: Piece['phase'], since: number, span: Span | undefined): void {
    const from = Math.max(this.#begin, Math.min(since, this.from))
    if (from >= this.from) return
    const next = this.#pieces.at(-1)
    if (next !== undefined && next.lane === lane && next.phase === phase && next.span === span)
      this.#pieces[this.#pieces.length - 1] = { ...next, from }
    else this.#pieces.push({ lane, phase, from, until: this.from, span })
    this.from = from
  }
}

/** Of one that waited for its place that is known, unless a retry has forgotten it. */
function isMember({ place }: Lane): boolean {
  return place?.isMember === true
}
