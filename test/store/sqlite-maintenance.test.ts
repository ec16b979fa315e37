import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { Claim, Store } from '../../src/core/ports/store.ts'
import { migrations } from '../../src/store/sqlite/migrations/index.ts'
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
import { command, startChild } from './processes.ts'

const LARGE = 'x'.repeat(100_000)

async function filled(store: Store, id: string, entries: number): Promise<Claim> {
  const claim = await started(store, id)
  for (let seq = 1; seq <= entries; seq++) await commit(store, entry(claim, seq, stepDone(`s${seq}`, LARGE)))
  return claim
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}

describe('backup', () => {
  it('is a whole, consistent database of one moment, while this and another process go on writing', async () => {
    const dir = folder()
    const store = await open({ dir })
    const claim = await filled(store, 'a', 100)
    const other = startChild('commitOther', store.location)
    await other.line()
    const before = 100
    let seq = before
    const copying = { done: false }
    const writing = (async () => {
      while (!copying.done) await commit(store, entry(claim, ++seq))
    })()
    const { path, bytes } = await store.maintenance!.backup(join(dir, 'copy.db'))
    copying.done = true
    await writing
    await other.kill()
    expect(seq).toBeGreaterThan(before)
    expect(bytes).toBe(statSync(path).size)
    expect(readdirSync(dir).filter((name) => name.includes('copy'))).toEqual(['copy.db'])
    const copy = await open({ file: path })
    expect(await copy.maintenance!.doctor()).toMatchObject({ healthy: true })
    const found = await keys(copy, claim.no)
    expect(found.length).toBeGreaterThanOrEqual(before)
    expect(found.length).toBeLessThanOrEqual(seq)
    const others = await keys(copy, (await stored(copy, 'other')).no)
    expect(others).toEqual(others.map((_, n) => `step-${n + 1}`))
    // It is a database like any other.
    await copy.createRun(newRun('c'))
  })

  it('lets the event loop go on, in a thousand small pieces of a large file', async () => {
    const store = await open({ dir: folder(), durability: 'process-crash' })
    await filled(store, 'a', 300)
    let turns = 0
    let waiting = true
    const turn = (): void => {
      turns++
      if (waiting) setImmediate(turn)
    }
    turn()
    await store.maintenance!.backup(`${store.location}.backup`)
    waiting = false
    expect(turns).toBeGreaterThan(30_000_000 / 4096 / 256)
  })

  it('is for the same user only, and holds what is in the write-ahead log only', async () => {
    const store = await open({ dir: folder() })
    await started(store, 'a')
    const { path } = await store.maintenance!.backup(`${store.location}.backup`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await (await open({ file: path })).getRun('a')).toEqual(await store.getRun('a'))
  })

  it('writes over nothing, leaves nothing half done, and says why', async () => {
    const dir = folder()
    const store = await open({ dir })
    const { maintenance } = store
    await started(store, 'a')
    writeFileSync(join(dir, 'mine'), 'mine')
    mkdirSync(join(dir, 'folder'))
    const error = await rejectsWith('exists', maintenance!.backup(join(dir, 'mine')))
    expect(error.message).toMatch(/not touched/)
    await rejectsWith('exists', maintenance!.backup(join(dir, 'folder')))
    await rejectsWith('exists', maintenance!.backup(store.location))
    await rejectsWith('missing', maintenance!.backup(join(dir, 'none', 'copy')))
    await rejectsWith('not-a-database', maintenance!.backup(join(dir, 'mine', 'copy')))
    expect(readFileSync(join(dir, 'mine'), 'utf8')).toBe('mine')
    expect(readdirSync(dir).filter((name) => name.includes('part'))).toEqual([])
    await expect(maintenance!.backup('')).rejects.toThrow(TypeError)
    await store.close()
    await rejectsWith('closed', maintenance!.backup(join(dir, 'late')))
    expect(existsSync(join(dir, 'late'))).toBe(false)
  })

  it('onto a full disk leaves nothing there', async ({ skip }) => {
    const dir = folder()
    const store = await open({ dir: folder() })
    await filled(store, 'a', 20)
    try {
      command('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir)
    } catch {
      return skip('needs permission to mount a small disk')
    }
    try {
      await rejectsWith('full', store.maintenance!.backup(join(dir, 'copy')))
      expect(readdirSync(dir)).toEqual([])
    } finally {
      command('umount', dir)
    }
  })
})

describe('vacuum', () => {
  it('gives the space of deleted runs back in slices, between other writes', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    const claim = await filled(store, 'a', 100)
    const kept = await started(store, 'kept')
    await commit(store, end(claim, 'completed'))
    const large = statSync(store.location).size
    while ((await store.prune({ endedBefore: { completed: 3001 }, limit: 10 })).more);
    expect(pragma(db, 'freelist_count')).toBeGreaterThan(2000)
    const [report] = await Promise.all([store.maintenance!.vacuum(), commit(store, entry(kept, 1))])
    expect(report.needsFull).toBe(false)
    expect(report.bytesBefore).toBeGreaterThan(9_000_000)
    expect(report.bytes).toBeLessThan(200_000)
    expect(pragma(db, 'freelist_count')).toBe(0)
    expect(statSync(store.location).size).toBeLessThan(Math.min(large, 200_000))
    expect(await keys(store, kept.no)).toEqual(['step-1'])
    await commit(store, end(kept, 'completed'))
    expect(await store.maintenance!.doctor()).toMatchObject({ healthy: true, findings: [] })
  })

  it('of a file made by an older version says that it needs a full one, which makes it like a new one', async () => {
    const file = join(folder(), 'runs.db')
    const old = rawDatabase(file)
    old.exec(migrations[0]!.sql)
    old.exec('PRAGMA application_id = 0x61697766; PRAGMA user_version = 1')
    old.exec(`INSERT INTO runs (id, status, input, seed, base, notes_base, created_at, epoch)
      VALUES ('${LARGE}', 'pending', '1', '', 0, 0, 1, 0)`)
    old.close()
    const { store, db } = await openWithConnection(file)
    expect((await store.maintenance!.doctor()).findings).toMatchObject([{ severity: 'note' }])
    const report = await store.maintenance!.vacuum()
    expect(report).toMatchObject({ needsFull: true, bytes: report.bytesBefore })
    const full = await store.maintenance!.vacuum({ full: true })
    expect(full.needsFull).toBe(false)
    expect(full.bytes).toBeLessThan(full.bytesBefore)
    expect(pragma(db, 'auto_vacuum')).toBe(2)
    expect(await store.maintenance!.vacuum()).toMatchObject({ needsFull: false, bytes: full.bytes })
    expect((await store.createRun(newRun('next'))).run.no).toBe(2)
  })

  it('that is full keeps the notes of a fresh start apart from those before it', async () => {
    const store = await open({ dir: folder() })
    for (const id of ['a', 'b']) {
      const claim = await started(store, id)
      const note = (key: string) =>
        ({ kind: 'note', claim, note: { key, at: 1, kind: 'due', attempt: 0, due: 1 } }) as const
      await commit(store, note(`${id}-1`), note(`${id}-2`), end(claim, 'failed'))
    }
    const b = await stored(store, 'b')
    await store.reopen({ no: b.no, epoch: b.epoch, fresh: true })
    const again = await store.claim({ no: b.no, epoch: b.epoch, owner: 'x' })
    while ((await store.prune({ endedBefore: { failed: 3001 }, limit: 100 })).more);
    await store.maintenance!.vacuum({ full: true })
    const note = { key: 'new', at: 1, kind: 'due', attempt: 0, due: 1 } as const
    await commit(store, { kind: 'note', claim: again!, note })
    expect(await store.readNotes(b.no)).toEqual([note])
  })
})

describe('the write-ahead log', () => {
  const LIMIT = 16 * 1024 * 1024
  const logOf = (store: Store): number => statSync(`${store.location}-wal`).size

  it('stays bounded under a long stream of commits while another process reads without a pause', async () => {
    const store = await open({ dir: folder(), durability: 'process-crash' })
    const reader = startChild('readOn', store.location)
    await reader.line()
    const claim = await started(store, 'a')
    let [seq, largest] = [0, 0]
    for (let n = 0; n < 80; n++) {
      await commit(store, ...Array.from({ length: 10 }, () => entry(claim, ++seq, stepDone('k', LARGE))))
      largest = Math.max(largest, logOf(store))
    }
    expect(await reader.line()).toMatch(/^\d+$/)
    expect(largest).toBeLessThan(3 * LIMIT)
  })

  it('that a long read has let grow, or one large result, is cut off by the next commit', async () => {
    const { store, db } = await openWithConnection(join(folder(), 'runs.db'))
    const claim = await started(store, 'a')
    const reader = rawDatabase(store.location)
    reader.exec('BEGIN; SELECT * FROM runs')
    await commit(store, entry(claim, 1, stepDone('k', LARGE.repeat(200))))
    await commit(store, entry(claim, 2))
    expect(logOf(store)).toBeGreaterThan(20_000_000)
    await commit(store, entry(claim, 3, stepDone('k', LARGE.repeat(150))))
    expect(await store.maintenance!.doctor()).toMatchObject({
      healthy: false,
      findings: [{ severity: 'problem', message: expect.stringMatching(/log has grown/) }, {}],
    })
    reader.exec('COMMIT')
    await store.maintenance!.vacuum()
    expect(logOf(store)).toBe(0)
    await commit(store, entry(claim, 4, stepDone('k', LARGE.repeat(180))))
    await commit(store, entry(claim, 5))
    expect(logOf(store)).toBeLessThanOrEqual(LIMIT)
    expect(pragma(db, 'journal_size_limit')).toBe(LIMIT)
    expect(await keys(store, claim.no)).toHaveLength(5)
  })

  it('is gone when the last one closes', async () => {
    const dir = folder()
    const stores = [await open({ dir }), await open({ dir })]
    await filled(stores[0]!, 'a', 3)
    for (const store of stores) await store.close()
    expect(readdirSync(dir)).toEqual(['runs.db'])
  })
})
