/** What was over by itself and not because something else ended: its time was up, or somebody asked for it. */
import type { Key } from '../core/ports/effects.ts'
import type { JournalEntry } from '../core/ports/store.ts'
import type { Frame } from './frame.ts'
import type { Group } from './groups.ts'
import type { Lane } from './lanes.ts'
import type { RunHistory } from './source.ts'

const RUN: Key = ''
const LIMITS = ['!timeout', '!abort', '!signal']

export interface Deadlines {
  /** When an operation that was given up was over by itself; undefined for one that was given up for another's sake. */
  over(lane: Lane): number | undefined
  /** Something put an end to the group, whatever its branches were at. */
  cutShort(group: Group): boolean
}

export function deadlinesOf(
  journal: readonly JournalEntry[],
  { record }: RunHistory,
  frame: Frame,
): Deadlines {
  const byKey = new Map<Key, number>()
  if (record.status === 'cancelled') byKey.set(RUN, frame.at)
  for (const { seq, completion } of journal) {
    if (seq <= record.base) continue
    const limited = limitedBy(completion.kind, completion.key)
    if (limited !== undefined) byKey.set(limited, frame.placed(completion.at))
  }
  const ofGroups = new Map<Group, number | undefined>()
  const ofGroup = (group: Group): number | undefined => {
    const inside: Group[] = []
    let next: Group | undefined = group
    for (; next !== undefined && !ofGroups.has(next); next = next.place?.group) inside.push(next)
    let around = next === undefined ? byKey.get(RUN) : ofGroups.get(next)
    for (const each of inside.toReversed()) {
      around = byKey.get(each.key) ?? around
      ofGroups.set(each, around)
    }
    return around
  }
  return {
    over({ id, place, begun, end }) {
      const over = byKey.get(id) ?? (place === undefined ? byKey.get(RUN) : ofGroup(place.group))
      return over === undefined || over > end || over < (begun ?? over) ? undefined : over
    },
    cutShort: ({ key }) => byKey.has(key),
  }
}

/** What a completion of the library's own puts an end to. */
function limitedBy(kind: JournalEntry['completion']['kind'], key: Key): Key | undefined {
  if (kind === 'cancel-requested') return RUN
  if (kind !== 'timer-fired' && kind !== 'aborted') return undefined
  const limit = LIMITS.find((each) => key.endsWith(each))
  return limit === undefined ? undefined : key.slice(0, -limit.length)
}
