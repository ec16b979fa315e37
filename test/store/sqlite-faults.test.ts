import { readFileSync, renameSync, rmSync, writeFileSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { StoreProblem } from '../../src/core/errors.ts'
import type { Claim, Store } from '../../src/core/ports/store.ts'
import { asStoreError } from '../../src/store/sqlite/errors.ts'
import { transaction } from '../../src/store/sqlite/transaction.ts'
import {
  commit,
  end,
  entry,
  keys,
  newRun,
  rejectsWith,
  started,
  stepDone,
  stored,
} from '../../src/testing/store-cases/fixtures.ts'
import { open, openWithConnection, rawDatabase } from './places.ts'
import { folder } from '../support/folder.ts'
import { mountTmpfs } from './processes.ts'

const LARGE = 'x'.repeat(100_000)

/** Commits large entries until that fails. @returns how many were acknowledged. */
async function fill(store: Store, claim: Claim, problem: StoreProblem): Promise<number> {
  for (let seq = 1; seq < 1000; seq++) {
    const outcome = await store.commit([entry(claim, seq, stepDone(`step-${seq}`, LARGE))]).then(
      () => undefined,
      (error: { problem: string }) => error.problem,
    )
    if (outcome === undefined) continue
    expect(outcome).toBe(problem)
    return seq - 1
  }
  throw new Error('it never filled up')
}

describe('R5 a full disk', () => {
  it('refuses a write as a whole, keeps what was acknowledged, and takes writes again once there is space', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    db.exec('PRAGMA max_page_count = 200')
    const acknowledged = await fill(store, a, 'full')
    expect(acknowledged).toBeGreaterThan(2)
    const next = entry(a, acknowledged + 1, stepDone('next', LARGE))
    const error = await rejectsWith('full', store.commit([entry(b, 1), next, end(b, 'completed')]))
    expect(error.message).toMatch(/disk is full.*free some space/)
    expect(await keys(store, a.no)).toHaveLength(acknowledged)
    expect(await keys(store, b.no)).toEqual([])
    expect((await stored(store, 'b')).status).toBe('running')
    db.exec('PRAGMA max_page_count = 10000')
    await commit(store, entry(b, 1), next, end(b, 'completed'))
    expect(await keys(store, a.no)).toHaveLength(acknowledged + 1)
  })

  it('fails only those of several writes at once that do not fit', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    const claims = await Promise.all(['a', 'b', 'c'].map((id) => started(store, id)))
    db.exec('PRAGMA max_page_count = 80')
    const outcomes = await Promise.allSettled(
      claims.map((claim, n) =>
        store.commit([entry(claim, 1, stepDone('k', n === 1 ? LARGE.repeat(9) : '1'))]),
      ),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await Promise.all(claims.map(({ no }) => keys(store, no)))).toEqual([['k'], [], ['k']])
  })

  it('that is a real one does the same', async ({ skip }) => {
    const dir = folder()
    if (!mountTmpfs(dir)) return skip('needs permission to mount a small disk')
    const store = await open({ dir })
    const a = await started(store, 'a')
    const ballast = join(dir, 'ballast')
    writeFileSync(ballast, Buffer.alloc(7 << 18))
    const acknowledged = await fill(store, a, 'full')
    await rejectsWith('full', store.createRun(newRun('b', { input: LARGE })))
    expect(await keys(store, a.no)).toHaveLength(acknowledged)
    rmSync(ballast)
    await commit(store, entry(a, acknowledged + 1))
    await store.close()
    const again = await open({ dir })
    expect(await keys(again, a.no)).toHaveLength(acknowledged + 1)
    expect(await again.getRun('b')).toBeUndefined()
  })
})

describe('R5 a database that becomes read-only', () => {
  it('refuses writes, still answers reads, and takes writes again later', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    const claim = await started(store, 'a')
    db.exec('PRAGMA query_only = 1')
    const error = await rejectsWith('read-only', store.commit([entry(claim, 1)]))
    expect(error.message).toContain(store.location)
    expect(await keys(store, claim.no)).toEqual([])
    db.exec('PRAGMA query_only = 0')
    await commit(store, entry(claim, 1))
  })
})

describe('R5 a file that goes away', () => {
  it.for(['', '-wal'])(
    'is noticed also in a folder where nothing has changed for long: runs.db%s',
    async (which) => {
      const dir = folder()
      const store = await open({ dir })
      const claim = await started(store, 'a')
      utimesSync(dir, 0, 0.5)
      await commit(store, entry(claim, 1))
      await commit(store, entry(claim, 2))
      renameSync(store.location + which, join(dir, 'elsewhere'))
      const error = await rejectsWith('missing', store.commit([entry(claim, 3)]))
      expect(error.message).toMatch(/deleted or moved/)
    },
  )

  it('is noticed when it is the one that a link leads to', async () => {
    const [dir, elsewhere] = [folder(), folder()]
    const file = join(elsewhere, 'runs.db')
    symlinkSync(file, join(dir, 'link.db'))
    const store = await open({ file: join(dir, 'link.db') })
    const claim = await started(store, 'a')
    renameSync(file, join(elsewhere, 'moved'))
    await rejectsWith('missing', store.commit([entry(claim, 1)]))
    renameSync(join(elsewhere, 'moved'), file)
    await commit(store, entry(claim, 1))
    expect(await keys(store, claim.no)).toEqual(['step-1'])
  })

  it('is noticed by the next write, and nothing is acknowledged until it is back', async () => {
    const dir = folder()
    const store = await open({ dir })
    const claim = await started(store, 'a')
    await commit(store, entry(claim, 1))
    renameSync(store.location, join(dir, 'elsewhere'))
    const error = await rejectsWith('missing', store.commit([entry(claim, 2)]))
    expect(error.message).toMatch(/deleted or moved.*put the file back/)
    await rejectsWith('missing', store.createRun(newRun('b')))
    renameSync(join(dir, 'elsewhere'), store.location)
    await commit(store, entry(claim, 2))
    expect(await keys(store, claim.no)).toEqual(['step-1', 'step-2'])
    expect(await store.getRun('b')).toBeUndefined()
  })

  it('or is replaced by another is refused too', async () => {
    const store = await open({ dir: folder() })
    const claim = await started(store, 'a')
    const copy = readFileSync(store.location)
    rmSync(store.location)
    writeFileSync(store.location, copy)
    const error = await rejectsWith('missing', store.commit([entry(claim, 1)]))
    expect(error.message).toMatch(/replaced/)
  })
})

describe('R5 damage', () => {
  const NEEDLE = 'find-this-payload'

  async function written(): Promise<{ file: string; no: number }> {
    const file = join(folder(), 'runs.db')
    const store = await open({ file })
    const [a, b] = [await started(store, 'a'), await started(store, 'b')]
    await commit(
      store,
      entry(a, 1),
      entry(a, 2, stepDone('k', NEEDLE)),
      entry(a, 3),
      entry(b, 1),
      entry(b, 2),
    )
    await store.close()
    return { file, no: a.no }
  }

  /** @returns what the damage is said to be. What lies behind it, and other runs, must stay readable. */
  async function damage(file: string, no: number): Promise<string> {
    const store = await open({ file })
    const error = await rejectsWith('corrupt', store.readJournal(no, 0))
    expect(error.message).toContain(file)
    expect(await keys(store, (await stored(store, 'b')).no)).toEqual(['step-1', 'step-2'])
    expect(await store.readJournal(no, 2)).toHaveLength(1)
    return error.message
  }

  it('of one byte of a payload is noticed', async () => {
    const { file, no } = await written()
    const bytes = readFileSync(file)
    const at = bytes.indexOf(NEEDLE)
    expect(at).toBeGreaterThan(0)
    bytes[at] = 'F'.charCodeAt(0)
    writeFileSync(file, bytes)
    expect(await damage(file, no)).toMatch(/run "a".*entry 2 is not what was written.*restore a backup/)
  })

  it.for([
    ['key', `key = 'other'`],
    ['kind', `kind = 'step-failed'`],
    ['time', 'at = at + 1'],
    ['attempt', 'attempt = 7'],
    ['start', 'started_at = NULL'],
    ['retry', 'retry_at = 5'],
    ['name', `name = ''`],
    ['payload', 'payload = NULL'],
    ['payload, to an empty one', `payload = ''`],
    ['checksum', 'crc = crc + 1'],
  ] as const)('of an entry’s %s is noticed', async ([, change]) => {
    const { file, no } = await written()
    raw(file, (db) => db.exec(`UPDATE journal SET ${change} WHERE run = ${no} AND seq = 2`))
    expect(await damage(file, no)).toMatch(/run "a".*entry 2 is not what was written/)
  })

  it('by which an entry is gone, or is another run’s, is noticed', async () => {
    const { file, no } = await written()
    raw(file, (db) => db.exec(`DELETE FROM journal WHERE run = ${no} AND seq = 2`))
    expect(await damage(file, no)).toMatch(/run "a".*entry 2 is not there/)
    raw(file, (db) =>
      db.exec(`INSERT INTO journal SELECT ${no}, 2, kind, key, at, attempt, started_at, retry_at, name, payload, crc
        FROM journal WHERE run = ${no + 1} AND seq = 2`),
    )
    expect(await damage(file, no)).toMatch(/run "a".*entry 2 is not what was written/)
  })

  it('of whole pages is noticed', async () => {
    const { file, no } = await written()
    const roots = raw(file, (db) =>
      db.prepare(`SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('runs', 'journal')`).all(),
    )
    const bytes = readFileSync(file)
    for (const { rootpage } of roots) bytes.fill(0xff, (Number(rootpage) - 1) * 4096, Number(rootpage) * 4096)
    writeFileSync(file, bytes)
    const store = await open({ file })
    const error = await rejectsWith('corrupt', store.readJournal(no, 0))
    expect(error.message).toMatch(/damaged.*keep a copy/)
    await rejectsWith('corrupt', store.createRun(newRun('c')))
  })

  function raw<T>(file: string, change: (db: DatabaseSync) => T): T {
    const db = rawDatabase(file)
    const result = change(db)
    db.close()
    return result
  }
})

describe('R5 every error is a StoreError with a problem of its own', () => {
  it.for<[unknown, StoreProblem]>([
    [{ errcode: 5 }, 'locked'],
    [{ errcode: 261 }, 'locked'],
    [{ errcode: 517 }, 'locked'],
    [{ errcode: 8 }, 'read-only'],
    [{ errcode: 1544 }, 'read-only'],
    [{ errcode: 10 }, 'io'],
    [{ errcode: 1034 }, 'io'],
    [{ errcode: 4874 }, 'full'],
    [{ errcode: 11 }, 'corrupt'],
    [{ errcode: 26 }, 'corrupt'],
    [{ errcode: 13 }, 'full'],
    [{ errcode: 18 }, 'unsupported'],
    [{ errcode: 19 }, 'io'],
    [{ code: 'ERR_INVALID_STATE' }, 'closed'],
    [{ code: 'EACCES' }, 'read-only'],
    [{ code: 'EROFS' }, 'read-only'],
    [{ code: 'ENOSPC' }, 'full'],
    [{ code: 'ENOENT' }, 'missing'],
    [{ code: 'EIO' }, 'io'],
    [{}, 'io'],
    [undefined, 'io'],
    ['text', 'io'],
  ])('%j is %s', ([fields, problem]) => {
    const thrown = typeof fields === 'object' ? Object.assign(new Error('what SQLite says'), fields) : fields
    const error = asStoreError(thrown, '/data/runs.db')
    expect(error.problem).toBe(problem)
    expect(error.code).toBe('STORE')
    expect(error.message).toMatch(/^Run database "\/data\/runs.db" .{20}/)
    expect(error.cause).toBe(thrown)
    expect(asStoreError(error, '/elsewhere')).toBe(error)
  })

  it('a file that could not be opened has the most likely cause', () => {
    const dir = folder()
    const problemOf = (path: string): string =>
      asStoreError(Object.assign(new Error('unable to open database file'), { errcode: 14 }), path).problem
    writeFileSync(join(dir, 'file'), '')
    expect(problemOf(join(dir, 'none', 'runs.db'))).toBe('missing')
    expect(problemOf(join(dir, 'file', 'runs.db'))).toBe('not-a-database')
    expect(problemOf(join(dir, 'runs.db'))).toBe('io')
  })
})

describe('a transaction', () => {
  /** A connection that fails as it is told to. */
  function failing(fails: (sql: string) => boolean): { db: DatabaseSync; log: string[] } {
    const log: string[] = []
    const db = {
      isTransaction: false,
      exec(sql: string) {
        log.push(sql)
        if (fails(sql)) throw new Error(`${sql} failed`)
        this.isTransaction = sql === 'BEGIN IMMEDIATE'
      },
    }
    return { db: db as unknown as DatabaseSync, log }
  }

  it('that fails keeps its own error when the ROLLBACK fails too, and the next one rolls back first', () => {
    let rollbackFails = true
    const { db, log } = failing((sql) => rollbackFails && sql === 'ROLLBACK')
    const body = (): never => {
      throw new Error('disk full')
    }
    expect(() => transaction(db, body)).toThrow('disk full')
    rollbackFails = false
    expect(transaction(db, () => 'done')).toBe('done')
    expect(log).toEqual(['BEGIN IMMEDIATE', 'ROLLBACK', 'ROLLBACK', 'BEGIN IMMEDIATE', 'COMMIT'])
  })

  it('whose COMMIT fails is rolled back', () => {
    const { db, log } = failing((sql) => sql === 'COMMIT')
    expect(() => transaction(db, () => 'done')).toThrow('COMMIT failed')
    expect(log).toEqual(['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'])
  })
})
