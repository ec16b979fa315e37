/** Entries that one Map may hold before the others get the rest: copying so many takes a millisecond. */
const FIRST = 16 * 1024

/** Maps for the rest: of a million entries each has four thousand. */
const SHARDS = 256

/**
 * A Map that may grow to millions without holding the event loop up. V8 copies a Map into one of twice the size when it is
 * full, at a million entries for a tenth of a second; these are many Maps, each of which is small when it is copied.
 * Entries are not in the order in which they were set, but in one that depends on their keys and that order alone.
 */
export class LargeMap<V extends object | number> {
  #first: Map<string, V> | undefined
  /** Made when the first Map is full. What is in that stays there. */
  #shards: readonly Map<string, V>[] | undefined

  get(key: string): V | undefined {
    return this.#first?.get(key) ?? this.#shards?.[shardOf(key)]?.get(key)
  }

  set(key: string, value: V): void {
    const first = (this.#first ??= new Map())
    if (this.#shards === undefined) {
      first.set(key, value)
      if (first.size === FIRST) this.#shards = Array.from({ length: SHARDS }, () => new Map<string, V>())
    } else if (first.has(key)) first.set(key, value)
    else this.#shards[shardOf(key)]?.set(key, value)
  }

  *keys(): Generator<string> {
    for (const map of [this.#first, ...(this.#shards ?? [])]) if (map !== undefined) yield* map.keys()
  }
}

/** FNV-1a. A bad spread costs time, and nothing else. */
function shardOf(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 16)) & (SHARDS - 1)
}
