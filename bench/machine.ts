import { statfsSync } from 'node:fs'
import { arch, cpus, release, totalmem, type } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import type { Machine } from './results.ts'

const FILESYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlay',
  0x2fc12fc1: 'zfs',
}
const IN_MEMORY = 0x01021994

/** @throws where a sync would cost nothing: figures from there would be about nothing. */
export function machine(directory: string): Machine {
  const { type: filesystem } = statfsSync(directory)
  if (filesystem === IN_MEMORY)
    throw new Error(`${directory} is in memory (tmpfs): a sync costs nothing there`)
  const database = new DatabaseSync(':memory:')
  const sqlite = String(database.prepare('select sqlite_version() as version').get()?.version)
  database.close()
  return {
    node: process.version,
    sqlite,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    filesystem: FILESYSTEMS[filesystem] ?? `type ${filesystem.toString(16)}`,
  }
}
