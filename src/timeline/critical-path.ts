/**
 * What decided the total: from the end back to the beginning, each time to what finished last before. That is the critical path
 * method (Kelley and Walker, 1959) on what was measured instead of planned, as tracing tools use it; a journal does not say who
 * waited for whom, so what finished last before something began is taken for what it waited for.
 *
 * 1. Before an operation began: what finished last in the same function branch (or in the run's own code), with all that is in it.
 * 2. Nothing did: the branch was the first of its kind to run, or waited for a place, which the branch had that ended last before.
 *    Without one of these, it began with its group, and that is looked at in the same way.
 * 3. Between the two is the run's own code; where a branch waited though no place was taken, it is `queued`.
 */
import { type Groups, groupOf, scopeOf } from './groups.ts'
import type { Drawn, Moment } from './operations.ts'
import type { CriticalSegment } from './timeline.ts'

/** Operations by when they ended; those that took no time decide nothing, nor do those that a
 * group gave up. So each that is found ended before what it is looked up for began. */
export class Endings {
  readonly #at: number
  /** By the function branch that they are in, directly or further in. */
  readonly #byScope = new Map<string, Drawn[]>()
  /** By the group that they are in, directly or further in. */
  readonly #byGroup = new Map<string, Drawn[]>()

  constructor(operations: readonly Drawn[], groups: Groups, at: number) {
    this.#at = at
    // Of those that ended together, the first that began is last: it is found first.
    const sorted = operations
      .filter((each) => begunAt(each) < this.of(each) && !wasGivenUp(each, groups))
      .sort((a, b) => this.of(a) - this.of(b) || begunAt(b) - begunAt(a))
    for (const operation of sorted) {
      for (const scope of scopesOf(operation.key)) put(this.#byScope, scope, operation)
      for (let group = operation.group; group !== undefined; group = groups.placeOf(group)?.group)
        put(this.#byGroup, group, operation)
    }
  }

  /** What has not ended lasts until now. */
  of({ until }: Drawn): number {
    return until ?? this.#at
  }

  /** The last in the function branch that ended by then. */
  lastIn(scope: string, by: number): Drawn | undefined {
    return this.#last(this.#byScope.get(scope), by)
  }

  lastOf(group: string, by: number): Drawn | undefined {
    return this.#last(this.#byGroup.get(group), by)
  }

  #last(sorted: readonly Drawn[] = [], by: number): Drawn | undefined {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.of(sorted[middle] as Drawn) <= by) low = middle + 1
      else high = middle
    }
    return sorted[low - 1]
  }
}

/** Its group had its outcome without it. */
function wasGivenUp({ state, group }: Drawn, groups: Groups): boolean {
  if (state !== 'cancelled') return false
  for (let key = group; key !== undefined; key = groups.placeOf(key)?.group)
    if (groups.get(key)?.until !== undefined) return true
  return false
}

/** When it began to do what it does; Infinity where that never was, or is not known. */
export function begunAt({ spans }: Drawn): number {
  return spans.find(({ phase }) => phase !== 'queued')?.from ?? Number.POSITIVE_INFINITY
}

function put(map: Map<string, Drawn[]>, key: string, operation: Drawn): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [operation])
  else list.push(operation)
}

/** The run's own code, and every function branch that it is in. */
function scopesOf(key: string): string[] {
  const scopes: string[] = []
  for (let scope = scopeOf(key); scope !== ''; scope = scopeOf(groupOf(scope))) scopes.push(scope)
  scopes.push('')
  return scopes
}

export interface CriticalPath {
  readonly segments: readonly CriticalSegment[]
  readonly operations: ReadonlySet<Drawn>
}

export function criticalPathOf(endings: Endings, groups: Groups, moment: Moment): CriticalPath {
  const path = new Path(moment)
  const visited = new Set<Drawn>()
  let later: Drawn | undefined
  while (path.from > moment.from) {
    const { operation, queued } = predecessor(endings, groups, later, path.from)
    if (operation === undefined) break
    visited.add(operation)
    path.add(queued ? later?.key : undefined, queued ? 'queued' : 'code', endings.of(operation))
    for (const { phase, from } of operation.spans.toReversed())
      if (phase !== 'queued') path.add(operation.key, phase, from)
    later = operation
  }
  path.add(undefined, 'code', moment.from)
  return { segments: path.segments.toReversed(), operations: visited }
}

interface Before {
  readonly operation: Drawn | undefined
  /** It had the place that was waited for. */
  readonly queued: boolean
}

/** From the branch outwards. */
function predecessor(endings: Endings, groups: Groups, later: Drawn | undefined, by: number): Before {
  for (let scope = scopeOf(later?.key ?? ''); ; scope = scopeOf(groupOf(scope))) {
    const group = scope === '' ? undefined : groups.get(groupOf(scope))
    const inBranch = endings.lastIn(scope, by)
    if (inBranch !== undefined && (group === undefined || endings.of(inBranch) >= group.from))
      return { operation: inBranch, queued: false }
    if (group !== undefined && group.shape.limit !== undefined && by > group.from) {
      const other = endings.lastOf(group.key, by)
      if (other !== undefined && endings.of(other) > group.from) return { operation: other, queued: true }
    }
    if (scope === '') return { operation: undefined, queued: false }
  }
}

/** Grows backwards; segments of no length are left out. */
class Path {
  readonly segments: CriticalSegment[] = []
  readonly #begin: number
  from: number

  constructor({ from, at }: Moment) {
    this.#begin = from
    this.from = Math.max(from, at)
  }

  /** What was between `since` and the path so far. */
  add(key: string | undefined, phase: CriticalSegment['phase'], since: number): void {
    const from = Math.max(this.#begin, Math.min(since, this.from))
    if (from === this.from) return
    this.segments.push({ key, phase, from, until: this.from })
    this.from = from
  }
}
