/**
 * What a run would have taken if branches of some groups had never waited for a place. Everything keeps the time that it took, and
 * the time after what finished last before it: in the run's code, or in its branch. A branch of such a group begins with it. What
 * comes after a group comes after all of its branches. That more at once would make each slower is not known, and not counted.
 */
import type { Key } from '../core/ports/effects.ts'
import type { Extent } from './branches.ts'
import { begunAt, type Endings } from './critical-path.ts'
import { type Groups, groupOf, type KnownGroup, scopeOf } from './groups.ts'
import type { Drawn, Moment } from './operations.ts'

export class WithoutLimits {
  readonly #groups: Groups
  readonly #endings: Endings
  readonly #moment: Moment
  readonly #lifted: (group: KnownGroup) => boolean
  readonly #times = new Map<Drawn, Extent>()
  readonly #begins = new Map<Key, number>()
  readonly #ends = new Map<Key, number>()
  #last: number

  constructor(
    operations: readonly Drawn[],
    groups: Groups,
    endings: Endings,
    moment: Moment,
    lifted: (group: KnownGroup) => boolean,
  ) {
    this.#groups = groups
    this.#endings = endings
    this.#moment = moment
    this.#lifted = lifted
    this.#last = moment.from
    // Whatever something comes after ended before that began, so it has its time already. A group was noted before those that are in it.
    const begun = operations.filter((each) => Number.isFinite(begunAt(each)))
    const items = [...groups.values(), ...begun].toSorted((a, b) => timeOf(a) - timeOf(b))
    for (const item of items)
      if ('shape' in item) this.#begins.set(item.key, this.#moved(item.key, item.from))
      else this.#place(item)
  }

  /** Milliseconds from the run's beginning to its end, or to now. */
  get total(): number {
    const { at, from } = this.#moment
    const last = this.#endings.lastIn('', at)
    const rest = last === undefined ? at - from : at - this.#endings.of(last)
    return Math.max(0, Math.min(at - from, this.#last + rest - from))
  }

  timesOf(operation: Drawn): Extent | undefined {
    return this.#times.get(operation)
  }

  #place(operation: Drawn): void {
    const begun = begunAt(operation)
    const from = this.#moved(operation.key, begun)
    const until = from + Math.max(0, this.#endings.of(operation) - begun)
    this.#times.set(operation, { from, until })
    this.#last = Math.max(this.#last, until)
    let group = operation.group
    for (; group !== undefined; group = this.#groups.placeOf(group)?.group)
      this.#ends.set(group, Math.max(until, this.#ends.get(group) ?? until))
  }

  /** When that would have been, which was at `time`. */
  #moved(key: Key, time: number): number {
    const member = this.#groups.isMember(key) ? this.#groups.placeOf(key) : undefined
    if (member !== undefined) return this.#inGroup(member.group, time)
    for (let scope = scopeOf(key); scope !== ''; scope = scopeOf(groupOf(scope))) {
      const group = this.#groups.get(groupOf(scope))
      if (group === undefined) continue
      const before = this.#endings.lastIn(scope, time)
      const isIn = before !== undefined && this.#endings.of(before) >= group.from
      return isIn ? this.#after(before, scope, time) : this.#inGroup(group.key, time)
    }
    const before = this.#endings.lastIn('', time)
    return before === undefined ? time : this.#after(before, '', time)
  }

  #inGroup(key: Key, time: number): number {
    const group = this.#groups.get(key)
    const from = group?.from ?? time
    const waited = group !== undefined && this.#lifted(group) ? 0 : Math.max(0, time - from)
    return (this.#begins.get(key) ?? from) + waited
  }

  #after(before: Drawn, scope: string, time: number): number {
    const ended = this.#endings.of(before)
    const whole = this.#groupIn(before, scope)
    const known = this.#times.get(before)?.until ?? ended
    const isOver = whole?.until !== undefined && whole.until <= time && whole.shape.kind === 'parallel'
    const moved = isOver ? (this.#ends.get(whole.key) ?? known) : known
    return moved + (time - ended)
  }

  /** The outermost group around it that is in the scope itself. */
  #groupIn({ group }: Drawn, scope: string): KnownGroup | undefined {
    let found: KnownGroup | undefined
    for (let key = group; key !== undefined; key = this.#groups.placeOf(key)?.group)
      if (scopeOf(key) === scope) found = this.#groups.get(key)
    return found
  }
}

function timeOf(item: Drawn | KnownGroup): number {
  return 'shape' in item ? item.from : begunAt(item)
}
