/**
 * A limit that counts what really runs: `enter(fn)` calls `fn` when one of `limit` places is free, the first come first.
 * Only plain promises, so a replay does the same again.
 */
export function places(limit: number): <T>(fn: () => PromiseLike<T>) => Promise<T> {
  const queue: (() => void)[] = []
  let free = limit
  return async (fn) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => void queue.push(resolve))
    try {
      return await fn()
    } finally {
      const next = queue.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
