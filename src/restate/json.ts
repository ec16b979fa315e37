import { type Serde, serde } from '@restatedev/restate-sdk'

/** Restate's JSON, for values of a type. */
export function json<T>(): Serde<T> {
  return serde.json as unknown as Serde<T> // its type does not allow for `exactOptionalPropertyTypes`
}
