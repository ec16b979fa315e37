/**
 * Refuses network file systems. SQLite's locks, and the memory that a write-ahead log shares between processes, do not
 * work over a network: two machines would write over each other, and nobody would notice before it is too late.
 *
 * Only what is certain is refused. FUSE and 9p may be local (a sandbox, a container's or a virtual machine's folder):
 * they are allowed, and where their locks do not work SQLite refuses the write-ahead log itself.
 */
import { statfsSync } from 'node:fs'
import { storeError } from './errors.ts'

/** By the type that Linux gives them (`man 2 statfs`). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB (CIFS)'],
  [0xfe534d42, 'SMB 2'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x564c, 'NCP'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x786f4256, 'VirtualBox shared folder'],
])

/** @returns the type of the file system that holds a folder; undefined when that cannot be told. */
export type FileSystemProbe = (folder: string) => number | undefined

export const systemProbe: FileSystemProbe = (folder) => {
  if (process.platform !== 'linux') return undefined
  try {
    return statfsSync(folder).type
  } catch {
    return undefined // Whatever is wrong with the folder is said when the file is opened.
  }
}

/** @throws StoreError */
export function requireLocal(path: string, folder: string, probe: FileSystemProbe): void {
  const type = probe(folder)
  // A large type comes with its sign extended, or without.
  const name = type === undefined ? undefined : NETWORK.get(type >>> 0)
  if (name === undefined) return
  throw storeError(
    path,
    'unsupported',
    `is on a network file system (${name}), where SQLite's locks do not work and the file would be damaged. It was not ` +
      'touched: put it on a local disk; processes on several machines need another store',
  )
}
