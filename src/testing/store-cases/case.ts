/** The form of a conformance case: one sentence, and a function that fails when it does not hold. */
import type { Store } from '../../core/ports/store.ts'

/** An empty store of its own for one case. */
export interface StorePlace {
  readonly store: Store
  /** Closes the store and opens what it kept. Absent for a store that keeps nothing beyond `close`. */
  reopen?(): Promise<Store>
  /** Removes everything, whether the store is closed or not. */
  dispose(): Promise<void>
}

export type MakeStore = () => Promise<StorePlace>

export interface StoreCase {
  readonly name: string
  run(make: MakeStore): Promise<void>
}

export function storeCase(
  name: string,
  check: (store: Store, place: StorePlace) => Promise<void>,
): StoreCase {
  return {
    name,
    async run(make) {
      const place = await make()
      try {
        await check(place.store, place)
      } finally {
        await place.dispose()
      }
    },
  }
}
