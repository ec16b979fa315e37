import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Random } from '../core/ports/random.ts'
import { systemRandom } from '../core/system-random.ts'

const BYTES_PER_ID = 16

/** So many ids are read at once. */
const BATCH = 64

/**
 * The machine's randomness, read from the kernel where it has a file for that: Node.js takes some 8 ms to load its own
 * cryptography, which nothing else here needs. Without that file (Windows, a sandbox) it is loaded.
 */
export const machineRandom: Random = { uuid: () => fromKernel() ?? systemRandom.uuid() }

let batch: Buffer | undefined
/** Of the batch, in bytes. */
let used = 0

function fromKernel(): string | undefined {
  if (batch === undefined || used === batch.length) {
    batch = read(BATCH * BYTES_PER_ID)
    used = 0
  }
  if (batch === undefined) return undefined
  const id = batch.subarray(used, (used += BYTES_PER_ID))
  // Version 4, and the variant of RFC 9562.
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x40
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80
  const hex = id.toString('hex')
  id.fill(0) // nobody finds it in memory, or gets it again
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function read(length: number): Buffer | undefined {
  if (process.platform === 'win32') return undefined
  let file: number | undefined
  try {
    file = openSync('/dev/urandom', 'r')
    const bytes = Buffer.alloc(length)
    const isReal = fstatSync(file).isCharacterDevice() && readSync(file, bytes) === length
    return isReal ? bytes : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
