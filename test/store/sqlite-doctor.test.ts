import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { Diagnosis } from '../../src/core/ports/maintenance.ts'
import { diagnose } from '../../src/store/sqlite/doctor.ts'
import { LATEST } from '../../src/store/sqlite/migrations/index.ts'
import { commit, end, entry, newRun, started, stepDone } from '../../src/testing/store-cases/fixtures.ts'
import { failure, open, rawDatabase } from './places.ts'
import { folder } from '../support/folder.ts'
import { sqliteStore } from '../../src/store/sqlite/index.ts'

const NEEDLE = 'find-this-payload'

/** Two runs that have ended. */
async function written(): Promise<string> {
  const file = join(folder(), 'runs.db')
  const store = await open({ file })
  for (const id of ['a', 'b']) {
    const claim = await started(store, id)
    const large = stepDone('k', `${NEEDLE}-${id}`)
    await commit(store, entry(claim, 1), entry(claim, 2, large), entry(claim, 3), end(claim, 'completed'))
  }
  await store.close()
  return file
}

function change(file: string, sql: string): void {
  const db: DatabaseSync = rawDatabase(file)
  db.exec(sql)
  db.close()
}

/** What was found, without the advice. */
async function found(file: string): Promise<string[]> {
  const { findings }: Diagnosis = await diagnose(file, 1_000_000)
  for (const { advice } of findings) expect(advice.length).toBeGreaterThan(10)
  return findings.map(({ severity, message }) => `${severity}: ${message}`)
}

describe('doctor', () => {
  it('finds nothing in what is whole, and counts it', async () => {
    const file = await written()
    expect(await diagnose(file, 1_000_000)).toEqual({
      location: file,
      healthy: true,
      findings: [],
      size: { runs: 2, journalEntries: 6, bytes: readFileSync(file).length, freeBytes: 0, logBytes: 0 },
    })
  })

  it.for([
    [
      `UPDATE journal SET payload = 'other' WHERE run = 1 AND seq = 2`,
      /^damage: .*run "a", entry 2 is not what was/,
    ],
    ['DELETE FROM journal WHERE run = 2 AND seq = 2', /^damage: .*run "b", entry 2 is not there/],
    ['DELETE FROM journal WHERE run = 2 AND seq = 1', /^damage: .*run "b", entry 1 is not there/],
    [
      `UPDATE runs SET parent = 'gone', parent_key = 'k' WHERE no = 2`,
      /^problem: .*1 run whose parent .*"b"/,
    ],
    ['DELETE FROM runs WHERE no = 2', /^damage: 1 journals belong to runs that are not there/],
    [`INSERT INTO inbox (run, kind, name, payload, at) VALUES (9, 'event', 'e', '1', 1)`, /^note: 1 events/],
    [
      `UPDATE runs SET status = 'running', owner = 'x' WHERE no = 1`,
      /^note: .*silent for over a minute.*"a"/,
    ],
    [`UPDATE runs SET status = 'blocked' WHERE no = 1`, /^note: .*1 run that are blocked, such as "a"/],
    [`INSERT INTO owners VALUES ('x', 1, 'h', 1, 1)`, /^note: 1 engines ended without saying so/],
    ['CREATE TABLE _replica_seq (x)', /^note: The file has a table "_replica_seq"/],
    ['CREATE INDEX mine ON runs (created_at)', /^note: The file has an index "mine"/],
    [
      'CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM journal; END',
      /^problem: .*a trigger "t".*act by itself/,
    ],
    ['CREATE VIEW v AS SELECT 1', /^problem: .*a view "v"/],
    ['CREATE VIRTUAL TABLE f USING fts5(x)', /^problem: .*a virtual table "f"/],
    ['DROP TABLE zombies', /^damage: The table zombies is not there/],
    ['ALTER TABLE runs ADD COLUMN mine TEXT', /^damage: The table runs .*other columns/],
    [`PRAGMA user_version = ${LATEST + 1}`, /^problem: .*newer version/],
    ['PRAGMA application_id = 77', /^problem: .*another application/],
  ] as const)('finds what %s did', async ([sql, message]) => {
    const file = await written()
    change(file, sql)
    const all = await found(file)
    expect(all[0]).toMatch(message)
    expect((await diagnose(file, 1_000_000)).healthy).toBe(message.source.startsWith('^note'))
  })

  it('tells the worst first', async () => {
    const file = await written()
    change(
      file,
      `UPDATE runs SET status = 'blocked', parent = 'gone' WHERE no = 1; UPDATE journal SET at = 0 WHERE run = 2`,
    )
    expect((await found(file)).map((text) => text.split(':')[0])).toEqual(['damage', 'problem', 'note'])
  })

  it('finds a changed byte that SQLite does not notice', async () => {
    const file = await written()
    const bytes = readFileSync(file)
    bytes[bytes.indexOf(NEEDLE)] = 'F'.charCodeAt(0)
    writeFileSync(file, bytes)
    expect(await found(file)).toEqual([
      expect.stringMatching(/^damage: In the journal of run "[ab]", entry 2/),
    ])
  })

  it.for([1, 2, 3, 5, 8])('goes on as far as it can when page %d is damaged', async (page) => {
    const file = await written()
    const bytes = readFileSync(file)
    bytes.fill(0xff, page * 4096, (page + 1) * 4096)
    writeFileSync(file, bytes)
    const all = await found(file)
    expect(all.length).toBeGreaterThan(0)
    expect(all[0]).toMatch(/^damage/)
  })

  it('examines a file that is cut off, and changes nothing of it', async () => {
    const file = await written()
    const bytes = readFileSync(file).subarray(0, 40_000)
    writeFileSync(file, bytes)
    expect((await found(file))[0]).toMatch(/^damage/)
    expect(readFileSync(file)).toEqual(bytes)
  })

  it('says that there is nothing, or no database, and creates none', async () => {
    const file = join(folder(), 'runs.db')
    expect(await found(file)).toEqual([expect.stringMatching(/^problem: There is no run database/)])
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, 'x'.repeat(1000))
    expect(await found(file)).toEqual([expect.stringMatching(/^problem: .*not a database/)])
  })

  it('looks at a file that is in use, with what is in its write-ahead log', async () => {
    const store = await open({ dir: folder() })
    await store.createRun(newRun('a'))
    expect(await diagnose(store.location, 0)).toMatchObject({ healthy: true, size: { runs: 1 } })
    await store.createRun(newRun('b'))
  })
})

describe('a database made by someone else', () => {
  it.for([
    [
      'a trigger',
      `CREATE TRIGGER t AFTER INSERT ON journal BEGIN UPDATE runs SET status = 'failed'; END`,
      /a trigger "t"/,
    ],
    [
      'a view in the place of a table',
      'DROP TABLE zombies; CREATE VIEW zombies AS SELECT 1',
      /a view "zombies"/,
    ],
    ['a virtual table', 'CREATE VIRTUAL TABLE v USING fts5(x)', /a virtual table "v"/],
    ['another table of a name of ours', 'DROP TABLE owners; CREATE TABLE owners (id)', /"owners" is not as/],
    ['a computed column', 'ALTER TABLE runs ADD COLUMN x INTEGER AS (epoch + 1)', /"runs" is not as/],
    ['our mark and nothing else', 'DROP TABLE runs; DROP TABLE inbox', /"runs" is not as/],
  ] as const)('with %s is refused, and nothing of it runs', async ([, sql, message]) => {
    const file = await written()
    change(file, sql)
    const before = readFileSync(file)
    const error = await failure(sqliteStore({ file }))
    expect([error.problem, error.message]).toEqual(['not-a-database', expect.stringMatching(message)])
    expect(readFileSync(file)).toEqual(before)
  })

  it('with tables and indexes of other tools is used, and they are left alone', async () => {
    const file = await written()
    change(file, `CREATE TABLE _replica_seq (id); INSERT INTO _replica_seq VALUES (7); ANALYZE`)
    const store = await open({ file })
    expect((await store.createRun(newRun('c'))).created).toBe(true)
    await store.close()
    expect(rawDatabase(file).prepare('SELECT id FROM _replica_seq').all()).toEqual([{ id: 7 }])
  })
})
