import type { Random } from './ports/random.ts'

/** Through the global, and not before it is asked: Node.js takes milliseconds to load its cryptography. */
export const systemRandom: Random = { uuid: () => crypto.randomUUID() }
