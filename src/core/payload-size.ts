import type { Completion } from './ports/effects.ts'

/** Characters of the payload that it carries; 0 for one that carries none. */
export function payloadSize(completion: Completion): number {
  return 'payload' in completion ? completion.payload.length : 0
}
