import type { TimelineOperation } from '../../timeline/timeline.ts'

export interface Stretch {
  readonly from: number
  readonly until: number
}

/** From when the first of them began, time in the queue left out, until the last one ended. @param at what lasts, lasts until then */
export function stretchOf(operations: readonly TimelineOperation[], at: number): Stretch {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { spans, from, until = at } of operations) {
    const begun = (spans.find(({ phase }) => phase !== 'queued') ?? spans[0])?.from ?? from
    first = Math.min(first, begun)
    last = Math.max(last, begun, until)
  }
  return { from: first, until: last }
}
