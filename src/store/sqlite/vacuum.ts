/**
 * Gives free space back to the disk. In a file with incremental vacuum (every file that this version makes) pages are
 * moved from its end into its holes, some at a time, between other writes.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { VacuumReport } from '../../core/ports/maintenance.ts'
import type { Access } from './access.ts'
import { INCREMENTAL } from './connection.ts'

/** Pages per transaction: 2 MB. */
const SLICE = 500

export async function vacuum(
  { write, alone, shortenLog }: Access,
  db: DatabaseSync,
  full: boolean,
): Promise<VacuumReport> {
  const pragma = (name: string): number => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
  const bytes = (): number => pragma('page_count') * pragma('page_size')
  const before = await alone(() => ({
    bytes: bytes(),
    free: pragma('freelist_count'),
    incremental: pragma('auto_vacuum') === INCREMENTAL,
  }))
  if (full) await alone(() => db.exec('VACUUM'))
  else if (before.incremental) {
    for (let free = before.free, last = Infinity; free > 0 && free < last;) {
      last = free
      free = await write(() => {
        db.exec(`PRAGMA incremental_vacuum(${SLICE})`)
        return pragma('freelist_count')
      })
    }
  }
  // The file itself is cut off when its log has been copied into it.
  await shortenLog()
  return {
    bytesBefore: before.bytes,
    bytes: await alone(bytes),
    needsFull: !full && !before.incremental && before.free > 0,
  }
}
