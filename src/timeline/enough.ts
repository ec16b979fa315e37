/** Which limit would have done. */

/**
 * The smallest number of places with which branches of these lengths, started in this order, are all done within `time`: as with
 * all at once, if that is not shorter than the longest of them. More places never make branches that do not need one
 * another take longer, so it is found by halving.
 * @param above it is known that so many are too few
 */
export function placesFor(lengths: readonly number[], time: number, above: number): number {
  let [tooFew, enough] = [above, Math.max(above + 1, lengths.length)]
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >>> 1
    if (timeWith(lengths, middle) <= time) enough = middle
    else tooFew = middle
  }
  return enough
}

/** How long they take, each begun as soon as one of the places is free. */
export function timeWith(lengths: readonly number[], places: number): number {
  /** When each place is free: a binary heap, the earliest first. */
  const free: number[] = []
  let last = 0
  for (const length of lengths) {
    const isNew = free.length < places
    const ended = (isNew ? 0 : (free[0] ?? 0)) + length
    if (isNew) push(free, ended)
    else replaceFirst(free, ended)
    last = Math.max(last, ended)
  }
  return last
}

function push(heap: number[], value: number): void {
  let at = heap.push(value) - 1
  while (at > 0) {
    const parent = (at - 1) >>> 1
    const above = heap[parent] ?? value
    if (above <= value) break
    heap[at] = above
    at = parent
  }
  heap[at] = value
}

function replaceFirst(heap: number[], value: number): void {
  let at = 0
  for (;;) {
    const left = 2 * at + 1
    const right = left + 1
    const child = (heap[right] ?? Infinity) < (heap[left] ?? Infinity) ? right : left
    const below = heap[child]
    if (below === undefined || below >= value) break
    heap[at] = below
    at = child
  }
  heap[at] = value
}
