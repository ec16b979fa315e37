import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { connect } from '../../src/store/sqlite/connection.ts'
import { systemProbe } from '../../src/store/sqlite/file-system.ts'
import { requireSqlite } from '../../src/store/sqlite/identity.ts'
import { sqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/index.ts'
import { LATEST } from '../../src/store/sqlite/migrations/index.ts'
import { systemRandom } from '../../src/core/system-random.ts'
import { systemClock } from '../../src/core/system-clock.ts'
import { newRun } from '../../src/testing/store-cases/fixtures.ts'
import { failure, open, openWithConnection, rawDatabase, turnClock } from './places.ts'
import { folder } from '../support/folder.ts'
import { command, startChild } from './processes.ts'

const NOBODY = 65_534

describe('opening', () => {
  it('creates the folder, for this user only, and runs.db in it', async () => {
    const dir = join(folder(), 'a', 'b')
    const store = await open({ dir })
    expect(store.location).toBe(join(dir, 'runs.db'))
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(statSync(dirname(dir)).mode & 0o777).toBe(0o700)
  })

  it('takes the path of a file, however odd, as a path', async () => {
    const file = join(folder(), 'file: ?mode=memory&#é😀.db')
    const store = await open({ file })
    expect(store.location).toBe(file)
    expect(statSync(file).isFile()).toBe(true)
  })

  it('R2 is durable through a power failure by default, and relaxed only on request', async () => {
    const patience = { clock: systemClock, random: systemRandom, limit: 0 }
    for (const [durability, synchronous] of [
      ['full', 2],
      ['process-crash', 1],
    ] as const) {
      const { db } = await connect(join(folder(), 'runs.db'), durability, patience)
      const pragma = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
      expect(pragma('synchronous')).toBe(synchronous)
      expect(pragma('journal_mode')).toBe('wal')
      expect(pragma('wal_autocheckpoint')).toBe(1000)
      expect(pragma('busy_timeout')).toBe(0)
      expect(pragma('user_version')).toBe(LATEST)
      expect(pragma('application_id')).toBe(0x61697766)
      db.close()
    }
  })

  it('takes an empty file for a new database', async () => {
    const file = join(folder(), 'runs.db')
    writeFileSync(file, '')
    const store = await open({ file })
    expect((await store.createRun(newRun('a'))).created).toBe(true)
  })

  it.for([
    [{}, /dir or a file/],
    [{ dir: 'a', file: 'b' }, /dir or a file/],
    [{ dir: '' }, /"dir": expected a path/],
    [{ file: 7 }, /"file": expected a path/],
    [{ file: ':memory:' }, /memoryStore/],
    [{ dir: 'a', durability: 'none' }, /"durability".*'process-crash'/],
    [{ dir: 'a', lockTimeout: 'soon' }, /"lockTimeout"/],
    [{ directory: 'a' }, /unknown option "directory"/],
  ] as const)('refuses the options %j', async ([options, message]) => {
    const error = await failure(sqliteStore(options as unknown as SqliteStoreOptions))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
  })

  it('R4 several processes can create one database at the same moment', async () => {
    const dir = folder()
    const children = Array.from({ length: 6 }, () => startChild('open', dir))
    for (const child of children) expect(await child.line()).toBe('ready')
    for (const child of children) child.tell()
    const said = await Promise.all(children.map((child) => child.line()))
    expect(said.toSorted((a, b) => a.localeCompare(b))).toEqual(['created', ...Array(5).fill('found')])
  })
})

describe('R5 refusals leave everything as it was', () => {
  const refusal = async (file: string): Promise<[string, string]> => {
    const { problem, message } = await failure(sqliteStore({ file }))
    expect(message).toContain(JSON.stringify(file))
    return [problem, message]
  }

  it('of a database from the future', async () => {
    const file = join(folder(), 'runs.db')
    await (await sqliteStore({ file })).close()
    const db = rawDatabase(file)
    db.exec(`PRAGMA user_version = ${LATEST + 1}`)
    db.close()
    const before = readFileSync(file)
    const [problem, message] = await refusal(file)
    expect(problem).toBe('too-new')
    expect(message).toMatch(new RegExp(`format ${LATEST + 1}.*up to ${LATEST}.*update ai-workflows`))
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(dirname(file))).toEqual(['runs.db'])
  })

  it('of one that is from the future by its write-ahead log only', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    db.exec(`PRAGMA user_version = ${LATEST + 1}`)
    expect((await refusal(store.location))[0]).toBe('too-new')
  })

  it.for([
    [
      'text',
      Buffer.from(
        'These are my notes, and they are longer than the header of a database would be.\n'.repeat(9),
      ),
    ],
    ['a few bytes', Buffer.from('hello')],
    ['zeros', Buffer.alloc(8192)],
    ['the first half of a header', Buffer.from('SQLite format 3\0')],
  ] as const)('of a file with %s in it', async ([, content]) => {
    const file = join(folder(), 'runs.db')
    writeFileSync(file, content)
    const [problem, message] = await refusal(file)
    expect(problem).toBe('not-a-database')
    expect(message).toMatch(/choose another path/)
    expect(readFileSync(file)).toEqual(content)
    expect(readdirSync(dirname(file))).toEqual(['runs.db'])
  })

  it.for([
    ['without an application id', 'CREATE TABLE t (x)'],
    ['with a version', 'CREATE TABLE t (x); PRAGMA user_version = 1'],
    ['with another application id', 'PRAGMA application_id = 77; CREATE TABLE t (x)'],
    ['with another application id and no table', 'PRAGMA application_id = 77'],
  ] as const)('of another application’s database %s', async ([, sql]) => {
    const file = join(folder(), 'runs.db')
    const db = rawDatabase(file)
    db.exec(sql)
    db.close()
    const before = readFileSync(file)
    expect((await refusal(file))[0]).toBe('not-a-database')
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(dirname(file))).toEqual(['runs.db'])
  })

  it('of another application’s database whose tables are in its write-ahead log only', async () => {
    const file = join(folder(), 'runs.db')
    const db = rawDatabase(file)
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x)')
    expect((await refusal(file))[0]).toBe('not-a-database')
    expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 't' }])
  })

  it('of another application’s database after a crash, whose write-ahead log SQLite would clear', async () => {
    const dir = folder()
    const db = rawDatabase(join(dir, 'theirs.db'))
    db.exec(
      'PRAGMA application_id = 77; CREATE TABLE t (x); PRAGMA journal_mode = WAL; INSERT INTO t VALUES (1)',
    )
    for (const suffix of ['', '-wal'])
      copyFileSync(join(dir, `theirs.db${suffix}`), join(dir, `copy.db${suffix}`))
    const before = readFileSync(join(dir, 'copy.db-wal'))
    expect(before.length).toBeGreaterThan(0)
    expect((await refusal(join(dir, 'copy.db')))[0]).toBe('not-a-database')
    expect(readFileSync(join(dir, 'copy.db-wal'))).toEqual(before)
  })

  it('of a folder, a pipe, a path through a file, a folder that is not there', async () => {
    const dir = folder()
    mkdirSync(join(dir, 'folder'))
    writeFileSync(join(dir, 'file'), 'x')
    command('mkfifo', join(dir, 'pipe'))
    expect(await refusal(join(dir, 'folder'))).toEqual([
      'not-a-database',
      expect.stringMatching(/is a folder/),
    ])
    expect(await refusal(join(dir, 'pipe'))).toEqual([
      'not-a-database',
      expect.stringMatching(/regular file/),
    ])
    expect(await refusal(join(dir, 'file', 'x'))).toEqual([
      'not-a-database',
      expect.stringMatching(/is a file/),
    ])
    expect(await refusal(join(dir, 'none', 'x'))).toEqual(['missing', expect.stringMatching(/create .*none/)])
    expect((await failure(sqliteStore({ dir: join(dir, 'file') }))).problem).toBe('not-a-database')
    expect(readdirSync(dir).toSorted((a, b) => a.localeCompare(b))).toEqual(['file', 'folder', 'pipe'])
  })

  it('of a SQLite that can corrupt a database', () => {
    for (const version of ['3.51.2', '3.50.9', '2.99.99', '0', '3.51']) {
      expect(() => requireSqlite(version, 'x')).toThrow(
        expect.objectContaining({ problem: 'unsupported', message: expect.stringMatching(/Node.js 24.15/) }),
      )
    }
    for (const version of ['3.51.3', '3.52.0', '3.100.0', '4.0.0'])
      expect(() => requireSqlite(version, 'x')).not.toThrow()
  })

  it.for([
    ['NFS', 0x6969],
    ['SMB', 0x517b],
    ['SMB 2', 0xfe534d42],
    ['SMB 2', 0xfe534d42 | 0],
    ['SMB (CIFS)', 0xff534d42 | 0],
    ['Lustre', 0x0bd00bd0],
  ] as const)('of a network file system: %s, %d', async ([name, type]) => {
    const file = join(folder(), 'runs.db')
    const patience = { clock: systemClock, random: systemRandom, limit: 0 }
    const error = await failure(connect(file, 'full', patience, () => type))
    expect(error.problem).toBe('unsupported')
    expect(error.message).toContain(`network file system (${name}), where SQLite's locks do not work`)
    expect(error.message).toMatch(/put it on a local disk/)
    expect(readdirSync(dirname(file))).toEqual([])
    for (const local of [0xef53, 0x01021994, 0x65735546, 0x01021997, undefined])
      (await connect(file, 'full', patience, () => local)).db.close()
    expect(typeof systemProbe(dirname(file))).toBe(process.platform === 'linux' ? 'number' : 'undefined')
    expect(systemProbe(join(file, 'none'))).toBeUndefined()
  })

  // Permissions do not bind root, so root asks somebody else to try.
  it.for([
    ['a file that is read-only', 0o777, 0o444],
    ['a file that cannot be read', 0o777, 0o000],
    ['a folder that is read-only', 0o555, 0o666],
  ] as const)('of %s', async ([, folderMode, fileMode]) => {
    const dir = folder()
    const file = join(dir, 'runs.db')
    await (await sqliteStore({ file })).close()
    const before = readFileSync(file)
    const user = process.getuid?.() === 0 ? NOBODY : undefined
    if (user !== undefined) chownSync(dir, user, user)
    chmodSync(file, fileMode)
    chmodSync(dir, folderMode)
    const said = await startChild('refuse', file, { user }).line()
    chmodSync(dir, 0o777)
    chmodSync(file, 0o666)
    expect(said).toMatch(/^read-only .*allow it to write to the file and its folder/)
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(dir)).toEqual(['runs.db'])
  })

  it('of a folder that cannot be created', async () => {
    const dir = folder()
    const user = process.getuid?.() === 0 ? NOBODY : undefined
    chmodSync(dir, 0o555)
    const said = await startChild('refuseDir', join(dir, 'new'), { user }).line()
    chmodSync(dir, 0o777)
    expect(said).toMatch(/^read-only /)
  })

  it.for(['BEGIN EXCLUSIVE', 'PRAGMA journal_mode = WAL; PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE'])(
    'of a database that stays locked (%s)',
    async (sql) => {
      const file = join(folder(), 'runs.db')
      const other = rawDatabase(file)
      other.exec(sql)
      const clock = turnClock()
      const { problem, message } = await failure(sqliteStore({ file, clock, lockTimeout: '5s' }))
      expect(problem).toBe('locked')
      expect(message).toMatch(/another process.*try again/)
      expect(clock.now()).toBe(5000)
      other.exec('COMMIT')
      other.close()
      await open({ file })
    },
  )
})
