import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/ports/store.ts'
import { checksum } from '../../src/store/sqlite/checksum.ts'
import { diagnose } from '../../src/store/sqlite/doctor.ts'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { PIECE } from '../../src/store/sqlite/pieces.ts'
import type { JournalRow } from '../../src/store/sqlite/rows.ts'
import {
  claimed,
  commit,
  end,
  entry,
  newRun,
  rejectsWith,
  started,
  stepDone,
  stored,
} from '../../src/testing/store-cases/fixtures.ts'
import { folder } from '../support/folder.ts'
import { faultyStore } from './fault-points.ts'
import { open, openWithConnection, rawDatabase } from './places.ts'
import { startChild } from './processes.ts'

const LARGE = 'large '.repeat(PIECE / 2) // three pieces

const place = (): string => join(folder(), 'runs.db')

/** How many pieces there are of each entry. */
function pieces(db: DatabaseSync): unknown[] {
  const rows = db
    .prepare('SELECT seq, count(*) AS count FROM pieces GROUP BY run, seq ORDER BY run, seq')
    .all()
  return rows.map(({ seq, count }) => [seq, count])
}

function change(file: string, sql: string): void {
  const db = rawDatabase(file)
  db.exec(sql)
  db.close()
}

async function written(): Promise<{ readonly file: string; readonly no: number }> {
  const file = place()
  const store = await sqliteStore({ file })
  const claim = await started(store)
  await commit(store, entry(claim, 1), entry(claim, 2, stepDone('k', LARGE)), end(claim, 'completed'))
  await store.close()
  return { file, no: claim.no }
}

/** The second entry of run `a` again, by a process that takes the run over. */
async function goOn(store: Store, db: DatabaseSync): Promise<void> {
  const before = await store.readJournal(1, 0)
  expect(before.map(({ seq }) => seq)).toEqual([1])
  const claim = await claimed(store, await stored(store, 'a'), 'engine-2')
  expect(pieces(db)).toEqual([])
  await commit(store, entry(claim, 2, stepDone('k', `other ${LARGE}`)), entry(claim, 3))
  const [second] = await store.readJournal(claim.no, 1)
  expect(second?.completion).toEqual(stepDone('k', `other ${LARGE}`))
  expect(pieces(db)).toEqual([[2, 4]])
}

describe('a payload in pieces', () => {
  it('is what is larger than one piece, and nothing else', async () => {
    const { store, db } = await openWithConnection(place())
    const claim = await started(store)
    await commit(store, entry(claim, 1, stepDone('one', 'x'.repeat(PIECE))))
    expect(pieces(db)).toEqual([])
    await commit(store, entry(claim, 2, stepDone('two', 'x'.repeat(PIECE + 1))))
    expect(pieces(db)).toEqual([[2, 2]])
  })

  it('D3, R1: of which a killed process wrote a part, and not its entry, goes with the next claim', async () => {
    const file = place()
    const child = startChild('commitLarge', file)
    expect(await child.line()).toBe('begun')
    const db = rawDatabase(file)
    while (pieces(db).length === 0) await new Promise((resolve) => setImmediate(resolve))
    await child.kill()
    expect(pieces(db)).toEqual([[2, expect.any(Number)]])
    const { findings } = await diagnose(file, 1000)
    expect(findings.map(({ severity }) => severity)).not.toContain('damage')
    await goOn(await open({ file }), db)
  })

  it.for([0, 1, 2, 3])('R5: of which write %d fails is as if it had never been written', async (after) => {
    const file = place()
    const { store, arm } = await faultyStore(file)
    const claim = await started(store)
    await commit(store, entry(claim, 1))
    arm('before-commit', 'full', after)
    await rejectsWith('full', store.commit([entry(claim, 2, stepDone('k', LARGE)), end(claim, 'completed')]))
    const db = rawDatabase(file)
    expect(pieces(db)).toEqual(after === 0 ? [] : [[2, after]])
    await goOn(store, db)
  })

  it('R3: of a run that is taken over while it is being written is written no further', async () => {
    const { store, db } = await openWithConnection(place())
    const old = await started(store)
    await commit(store, entry(old, 1))
    const late = entry(old, 2, stepDone('k', 'late'.repeat(3 * PIECE)))
    const [{ fenced }] = await Promise.all([store.commit([late]), goOn(store, db)])
    expect([...fenced]).toEqual([late])
    expect(pieces(db)).toEqual([[2, 4]])
  })

  it.for([
    ['DELETE FROM pieces WHERE n = 1', 'piece 2 of entry 2 is not there'],
    ['DELETE FROM pieces WHERE n = 2', 'piece 3 of entry 2 is not there'],
    [`UPDATE pieces SET text = 'y' || substr(text, 2) WHERE n = 1`, 'entry 2 are not what was written'],
    ['UPDATE pieces SET n = n + 9; UPDATE pieces SET n = (n - 8) % 3', 'entry 2 are not what was written'],
  ] as const)('that %s has damaged is not given to anybody', async ([sql, message]) => {
    const { file, no } = await written()
    change(file, sql)
    const { findings } = await diagnose(file, 1000)
    expect(findings.map((finding) => `${finding.severity}: ${finding.message}`)).toEqual([
      expect.stringMatching(new RegExp(`^damage: .*run "a".*${message}`)),
    ])
    const store = await open({ file })
    const error = await rejectsWith('corrupt', store.readJournal(no, 0))
    expect(error.message).toMatch(/run "a", entry 2 is not what was written/)
    expect(await store.readJournal(no, 0, 1)).toHaveLength(1)
  })

  it('without anybody whom it belongs to is told by doctor, and harms nobody', async () => {
    const { file, no } = await written()
    change(file, `INSERT INTO pieces VALUES (${no}, 3, 0, 'x'), (77, 1, 0, 'x')`)
    const { healthy, findings } = await diagnose(file, 1000)
    expect(healthy).toBe(true)
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('1 runs that are not there have left pieces'),
      expect.stringContaining('such as "a"'),
    ])
    const store = await open({ file })
    expect(await store.readJournal(no, 0)).toHaveLength(2)
    while ((await store.prune({ endedBefore: { completed: 9999 }, limit: 10 })).more);
    expect(rawDatabase(file).prepare('SELECT run FROM pieces').all()).toEqual([{ run: 77 }])
  })

  it('comes after what is before it, in a page of its own', async () => {
    const { store } = await openWithConnection(place())
    const claim = await started(store)
    await commit(store, entry(claim, 1), entry(claim, 2, stepDone('k', LARGE)), entry(claim, 3))
    const seqs = async (after: number): Promise<number[]> =>
      (await store.readJournal(claim.no, after, 9)).map(({ seq }) => seq)
    expect([await seqs(0), await seqs(1), await seqs(2)]).toEqual([[1], [2], [3]])
  })

  it('R5: is read as it was from the file of an older version, which kept it in its row', async () => {
    const file = place()
    const { store, db } = await openWithConnection(file)
    const claim = await started(store)
    await commit(store, entry(claim, 1, stepDone('k', 'x'.repeat(PIECE))), end(claim, 'completed'))
    await store.close()
    const old = rawDatabase(file)
    // Version 2, with a larger value than this one puts in a row.
    const payload = 'y'.repeat(2 * PIECE)
    const row = { ...old.prepare('SELECT * FROM journal').get(), payload } as unknown as JournalRow
    old.prepare('UPDATE journal SET payload = ?, crc = ?').run(payload, checksum(row))
    old.exec('ALTER TABLE notes DROP COLUMN detail; DROP TABLE pieces; PRAGMA user_version = 2')
    old.close()
    expect(db.isOpen).toBe(false)
    const later = await open({ file })
    expect((await later.readJournal(claim.no, 0))[0]?.completion).toEqual(stepDone('k', payload))
    const next = await claimed(later, (await later.createRun(newRun('b'))).run)
    await commit(later, entry(next, 1, stepDone('k', LARGE)))
    expect((await later.readJournal(next.no, 0))[0]?.completion).toEqual(stepDone('k', LARGE))
  })

  it('is in a backup', async () => {
    const { store } = await openWithConnection(place())
    const claim = await started(store)
    await commit(store, entry(claim, 1, stepDone('k', LARGE)))
    const backup = `${store.location}-backup`
    await store.maintenance?.backup(backup)
    const copy = await open({ file: backup })
    expect((await copy.readJournal(claim.no, 0))[0]?.completion).toEqual(stepDone('k', LARGE))
  })
})
