/**
 * Examines a database, changes nothing, and says what it found. It looks at the file itself, so that it also works where
 * a store cannot be opened; each examination that damage cuts short is a finding, and the others go on.
 */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { StoreError, type StoreProblem } from '../../core/errors.ts'
import type { Diagnosis, StoreSize } from '../../core/ports/maintenance.ts'
import { openToRead } from './connection.ts'
import { examineContents } from './doctor/contents.ts'
import { Findings } from './doctor/findings.ts'
import { examineJournals } from './doctor/journals.ts'
import { asStoreError } from './errors.ts'
import { requireLocal, systemProbe } from './file-system.ts'
import { describe, findForeign } from './foreign.ts'
import { readIdentity, requireOurHeader, requireOurs } from './identity.ts'
import { logSize } from './log-file.ts'

const RESTORE = 'Stop everything that uses it, keep a copy of it with its -wal file, and restore a backup'

/** What keeps a file from being examined, other than damage. */
const ADVICE: Readonly<Partial<Record<StoreProblem, string>>> = {
  missing: 'Check the directory',
  'too-new': 'Update ai-workflows in this program',
  locked: 'Find out who holds it, then look again',
  'read-only': 'Look again as a user who may write to its folder: reading needs a file beside it',
  'not-a-database': 'Check the directory; if this was a run database, restore a backup',
}

/** @param now wall-clock time, for what has been silent for long. */
export async function diagnose(path: string, now: number): Promise<Diagnosis> {
  const findings = new Findings()
  let size: StoreSize | undefined
  let db: DatabaseSync | undefined
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined)
      throw new StoreError('missing', `There is no run database ${JSON.stringify(path)}`)
    findings.attempt(() => requireLocal(path, dirname(path), systemProbe), 'problem', 'Use a local disk')
    requireOurHeader(path)
    db = openToRead(path)
    size = await examine(db, path, now, findings)
  } catch (error) {
    const refusal = asStoreError(error, path)
    const advice = ADVICE[refusal.problem]
    findings.add(advice === undefined ? 'damage' : 'problem', refusal.message, advice ?? RESTORE)
  } finally {
    if (db?.isOpen) db.close()
  }
  return { location: path, healthy: findings.healthy, findings: findings.sorted(), size }
}

async function examine(
  db: DatabaseSync,
  path: string,
  now: number,
  findings: Findings,
): Promise<StoreSize | undefined> {
  db.exec('BEGIN')
  const identity = readIdentity(db)
  requireOurs(path, identity)
  const whole = examineSchema(db, identity.version, findings)
  examineIntegrity(db, path, findings)
  if (!whole) return undefined
  await examineJournals(db, path, findings)
  await examineContents(db, path, now, findings)
  return findings.attempt(() => sizeOf(db, path), 'damage', RESTORE)
}

/** @returns whether our tables are there. */
function examineSchema(db: DatabaseSync, version: number, findings: Findings): boolean {
  const { active, altered, idle } = findForeign(db, version)
  for (const object of active) {
    findings.add(
      'problem',
      `The file has ${describe(object)}, which ai-workflows did not make and which would act by itself: the file is not opened`,
      `Find out who made it; if the file is yours, drop it with a database tool`,
    )
  }
  for (const table of altered)
    findings.add('damage', `The table ${table} is not there, or has other columns than it should`, RESTORE)
  for (const object of idle)
    findings.add(
      'note',
      `The file has ${describe(object)}, which ai-workflows did not make`,
      'It is left alone',
    )
  return altered.length === 0
}

/** SQLite's own look at every page and every index. */
function examineIntegrity(db: DatabaseSync, path: string, findings: Findings): void {
  findings.attempt(
    () => {
      for (const row of db.prepare('PRAGMA integrity_check(20)').iterate()) {
        const message = String(row['integrity_check'])
        if (message !== 'ok') findings.add('damage', `SQLite finds: ${message}`, RESTORE)
      }
    },
    'damage',
    RESTORE,
    path,
  )
}

function sizeOf(db: DatabaseSync, path: string): StoreSize {
  const one = (sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0])
  const pageSize = one('PRAGMA page_size')
  return {
    runs: one('SELECT count(*) FROM runs'),
    journalEntries: one('SELECT count(*) FROM journal'),
    bytes: one('PRAGMA page_count') * pageSize,
    freeBytes: one('PRAGMA freelist_count') * pageSize,
    logBytes: logSize(path),
  }
}
