/**
 * A Map and a Set for what mostly holds one entry, which comes and goes a million times. V8 replaces the table of a small
 * Map every few changes, and each old table refers to the next: once one of them is in the old generation, all that follow
 * and what was in them, dead or not, stay and are copied until the next full collection. One entry needs no table.
 * Both keep entries in the order in which they came.
 */
export class SmallMap<K extends string | object, V extends object | boolean | number> {
  /** The oldest entry, if there is one and it came when there was no other. */
  #key: K | undefined
  #value: V | undefined
  #rest: Map<K, V> | undefined

  get size(): number {
    return (this.#key === undefined ? 0 : 1) + (this.#rest?.size ?? 0)
  }

  has(key: K): boolean {
    return this.#key === key || (this.#rest !== undefined && this.#rest.has(key))
  }

  get(key: K): V | undefined {
    return this.#key === key ? this.#value : this.#rest?.get(key)
  }

  set(key: K, value: V): void {
    if (this.#key === key || this.size === 0) {
      this.#key = key
      this.#value = value
    } else (this.#rest ??= new Map()).set(key, value)
  }

  /** @returns whether it was there */
  delete(key: K): boolean {
    if (this.#key !== key) return this.#rest !== undefined && this.#rest.delete(key)
    this.#key = undefined
    this.#value = undefined
    return true
  }

  clear(): void {
    this.#key = undefined
    this.#value = undefined
    this.#rest = undefined
  }

  *keys(): Generator<K> {
    if (this.#key !== undefined) yield this.#key
    if (this.#rest !== undefined) yield* this.#rest.keys()
  }

  *values(): Generator<V> {
    if (this.#key !== undefined) yield this.#value as V
    if (this.#rest !== undefined) yield* this.#rest.values()
  }
}

export class SmallSet<T extends object> {
  #one: T | undefined
  #rest: Set<T> | undefined

  get size(): number {
    return (this.#one === undefined ? 0 : 1) + (this.#rest?.size ?? 0)
  }

  add(item: T): void {
    if (this.size === 0) this.#one = item
    else if (this.#one !== item) (this.#rest ??= new Set()).add(item)
  }

  delete(item: T): void {
    if (this.#one === item) this.#one = undefined
    else this.#rest?.delete(item)
  }

  *[Symbol.iterator](): Generator<T> {
    if (this.#one !== undefined) yield this.#one
    if (this.#rest !== undefined) yield* this.#rest
  }
}
