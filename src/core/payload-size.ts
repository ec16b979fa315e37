import type { Completion } from './ports/effects.ts'
import type { Write } from './ports/store.ts'

/** Characters of a payload that is encoded and decoded in several turns of the event loop. */
export const LARGE: number = 256 * 1024

/** Characters of the payload that it carries; 0 for one that carries none. */
export function payloadSize(completion: Completion): number {
  return 'payload' in completion ? completion.payload.length : 0
}

/** Characters of the values that are written with it. */
export function writeSize(write: Write): number {
  if (write.kind === 'completion') return payloadSize(write.entry.completion)
  return write.kind === 'end' ? (write.output ?? write.error ?? '').length : 0
}
