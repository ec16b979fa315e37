/**
 * Collections that may grow to millions without holding the event loop up. V8 copies a Map or Set into one of twice the size
 * when it is full, at a million entries for a tenth of a second; these become many, each of which is small when it is copied.
 */

/** Entries that one may hold before they are dealt out: that takes a millisecond or two. */
const FIRST = 16 * 1024

/** So many are made then: of a million entries each has four thousand. */
const SHARDS = 256

/** A Map. Entries are not in the order in which they were set, but in one that depends on their keys and that order alone. */
export class LargeMap<V extends object | number> {
  #only: Map<string, V> | undefined
  #shards: readonly Map<string, V>[] | undefined

  get(key: string): V | undefined {
    return this.#shards === undefined ? this.#only?.get(key) : shardOf(this.#shards, key).get(key)
  }

  set(key: string, value: V): void {
    if (this.#shards !== undefined) {
      shardOf(this.#shards, key).set(key, value)
      return
    }
    const only = (this.#only ??= new Map())
    only.set(key, value)
    if (only.size === FIRST) this.#deal(only)
  }

  *keys(): Generator<string> {
    for (const map of this.#shards ?? [this.#only]) if (map !== undefined) yield* map.keys()
  }

  #deal(only: Map<string, V>): void {
    const shards = Array.from({ length: SHARDS }, () => new Map<string, V>())
    for (const [key, value] of only) shardOf(shards, key).set(key, value)
    this.#shards = shards
    this.#only = undefined
  }
}

/** How often each name has come. Most come once, and cost one look into a Set. */
export class LargeCounts {
  #only: Set<string> | undefined
  #shards: readonly Set<string>[] | undefined
  #repeated: LargeMap<number> | undefined

  /** @returns how often the name has come, this time included */
  next(name: string): number {
    const names = this.#shards === undefined ? (this.#only ??= new Set()) : shardOf(this.#shards, name)
    const before = names.size
    names.add(name)
    if (names.size > before) {
      if (this.#only?.size === FIRST) this.#deal(this.#only)
      return 1
    }
    const repeated = (this.#repeated ??= new LargeMap())
    const count = (repeated.get(name) ?? 1) + 1
    repeated.set(name, count)
    return count
  }

  #deal(only: ReadonlySet<string>): void {
    const shards = Array.from({ length: SHARDS }, () => new Set<string>())
    for (const name of only) shardOf(shards, name).add(name)
    this.#shards = shards
    this.#only = undefined
  }
}

/** By FNV-1a. A bad spread costs time, and nothing else. */
function shardOf<T>(shards: readonly T[], key: string): T {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return shards[(hash ^ (hash >>> 16)) & (SHARDS - 1)] as T
}
