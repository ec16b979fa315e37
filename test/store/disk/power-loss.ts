/**
 * What a disk may hold after the power has failed: all that was synced, and of what was not, each write on its own
 * whole, in part, or not at all.
 */
import { readFileSync } from 'node:fs'

interface Operation {
  readonly kind: 'write' | 'truncate' | 'sync'
  /** `''` the database, `-wal` its log, `-ack` what the process acknowledged. */
  readonly file: string
  readonly offset: number
  /** Of a truncation: the new length. */
  readonly size: number
  readonly data: Buffer
}

const KINDS = ['write', 'truncate', 'sync'] as const
const HEAD = 24
/** Part of a write that a disk writes as a whole. */
const SECTOR = 512

export function readRecording(path: string): readonly Operation[] {
  const bytes = readFileSync(path)
  const operations: Operation[] = []
  for (let at = 0; at < bytes.length;) {
    const kind = KINDS[bytes.readUInt32LE(at) - 1]
    if (kind === undefined) throw new Error(`no operation at ${at} of the recording`)
    const [name, offset, size] = [
      bytes.readUInt32LE(at + 4),
      Number(bytes.readBigInt64LE(at + 8)),
      Number(bytes.readBigInt64LE(at + 16)),
    ]
    const data = at + HEAD + name
    const end = data + (kind === 'write' ? size : 0)
    operations.push({
      kind,
      file: bytes.toString('utf8', at + HEAD, data),
      offset,
      size,
      data: bytes.subarray(data, end),
    })
    at = end
  }
  return operations
}

export interface Remains {
  readonly files: ReadonlyMap<string, Buffer>
  /** The last thing acknowledged before the power failed. */
  readonly acknowledged: number
}

/** A file that grows in place. */
class Content {
  #bytes = Buffer.alloc(1 << 16)
  #size = 0

  write(offset: number, part: Buffer): void {
    this.truncate(Math.max(this.#size, offset + part.length))
    part.copy(this.#bytes, offset)
  }

  truncate(size: number): void {
    if (size > this.#bytes.length) {
      const larger = Buffer.alloc(2 * size)
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    if (size < this.#size) this.#bytes.fill(0, size, this.#size)
    this.#size = size
  }

  get whole(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }
}

/**
 * @param random from 0 to 1, how fate decides. The rollback journal of the file's creation is left out: it is deleted
 *   before anything is acknowledged.
 */
export function afterPowerLoss(
  operations: readonly Operation[],
  moment: number,
  random: () => number,
): Remains {
  const files = new Map([
    ['', new Content()],
    ['-wal', new Content()],
  ])
  const unsynced = new Map<string, Operation[]>()
  let acknowledged = 0
  const apply = ({ file, kind, offset, size, data }: Operation, part: Buffer = data): void => {
    if (kind === 'truncate') files.get(file)?.truncate(size)
    else files.get(file)?.write(offset, part)
  }
  for (const operation of operations.slice(0, moment)) {
    const { kind, file, data } = operation
    const waiting = unsynced.get(file) ?? []
    if (file === '-ack') acknowledged = Number(data.toString())
    else if (kind === 'sync') for (const each of waiting.splice(0)) apply(each)
    else waiting.push(operation)
    unsynced.set(file, waiting)
  }
  for (const operation of [...unsynced.values()].flat()) {
    const fate = random()
    const sectors = Math.floor((random() * operation.data.length) / SECTOR)
    if (fate < 0.4) apply(operation)
    else if (fate < 0.6 && operation.kind === 'write')
      apply(operation, operation.data.subarray(0, sectors * SECTOR))
  }
  return { files: new Map([...files].map(([name, { whole }]) => [name, whole])), acknowledged }
}
