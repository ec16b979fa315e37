import { isDeepStrictEqual } from 'node:util'
import type { Codec } from './codec/codec.ts'
import type { Encoded } from './ports/effects.ts'

/** Two values agree when they say the same, in whatever order their properties were written (M12). */
export function sameValue(codec: Codec, one: Encoded, other: Encoded): boolean {
  return one === other || isDeepStrictEqual(codec.decode(one), codec.decode(other))
}
