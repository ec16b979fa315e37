import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Claim, Store } from '../../src/core/ports/store.ts'
import { sqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/index.ts'
import { logSize } from '../../src/store/sqlite/log-file.ts'
import { logSpace } from '../../src/store/sqlite/log-space.ts'
import { entry, keys, started, stored } from '../../src/testing/store-cases/fixtures.ts'
import { folder } from '../support/folder.ts'
import { startChild } from './processes.ts'

const BEGINNING = 8
const STEP = 256 * 1024

async function open(options: SqliteStoreOptions): Promise<Store> {
  const store = await sqliteStore(options)
  onTestFinished(() => store.close())
  return store
}

async function commits(store: Store, claim: Claim, from: number, to: number): Promise<void> {
  for (let seq = from; seq <= to; seq++) await store.commit([entry(claim, seq)])
}

const sizeOf = (store: Store): number => logSize(store.location)

describe('The space of the write-ahead log', () => {
  it('is there before it is written to: one commit of eight makes the log longer', async () => {
    const store = await open({ dir: folder() })
    const claim = await started(store)
    const sizes = new Set<number>()
    for (let seq = 1; seq <= 80; seq++) {
      await commits(store, claim, seq, seq)
      if (seq > BEGINNING) sizes.add(sizeOf(store))
    }
    expect(sizes.size).toBeLessThanOrEqual(10)
  })

  it('is enough for all that SQLite writes before it begins the log anew, and no more', async () => {
    const store = await open({ dir: folder() })
    const claim = await started(store)
    await commits(store, claim, 1, 700)
    const enough = sizeOf(store)
    await commits(store, claim, 701, 1500)
    expect(sizeOf(store)).toBe(enough)
    expect(enough).toBeLessThan(6_000_000)
    expect((await keys(store, claim.no)).length).toBe(1500)
  })

  it('is not taken where nothing is synced, nor by a store that hardly writes', async () => {
    const relaxed = await open({ dir: folder(), durability: 'process-crash' })
    const claim = await started(relaxed)
    const before = sizeOf(relaxed)
    await commits(relaxed, claim, 1, 20)
    expect(sizeOf(relaxed) - before).toBeLessThan(STEP)
    const quiet = await open({ dir: folder() })
    const other = await started(quiet)
    const start = sizeOf(quiet)
    await commits(quiet, other, 1, 3)
    expect(sizeOf(quiet) - start).toBeLessThan(STEP / 4)
  })

  it('R2 taken by two processes at once, costs neither of them an entry when both are killed', async () => {
    const file = join(folder(), 'runs.db')
    const writers = [startChild('commit', file), startChild('commitOther', file)]
    const acknowledged = await Promise.all(
      writers.map(async (writer) => {
        let last = 0
        while (last < 150) last = Number(await writer.line())
        await writer.kill()
        return last
      }),
    )
    const store = await open({ file })
    for (const [at, id] of ['a', 'other'].entries()) {
      const found = await keys(store, (await stored(store, id)).no)
      expect(found.length).toBeGreaterThanOrEqual(acknowledged[at] ?? 0)
      expect(found).toEqual(found.map((_, n) => `step-${n + 1}`))
    }
    const { findings } = await store.maintenance!.doctor()
    expect(findings.filter(({ severity }) => severity === 'damage')).toEqual([])
  })

  it('is taken again after the log was cut off', async () => {
    const store = await open({ dir: folder() })
    const claim = await started(store)
    await commits(store, claim, 1, 400)
    await store.maintenance!.vacuum()
    expect(sizeOf(store)).toBeLessThan(STEP)
    await commits(store, claim, 401, 900)
    expect(sizeOf(store)).toBeGreaterThan(4_000_000)
  })
})

describe('To take space', () => {
  it('leaves an empty log empty: its header is for SQLite to write', () => {
    const path = join(folder(), 'runs.db')
    writeFileSync(path, '')
    writeFileSync(`${path}-wal`, '')
    logSpace(path)(STEP)
    expect(statSync(`${path}-wal`).size).toBe(0)
  })

  it('makes no log where there is none, and what cannot be had is no error', () => {
    const path = join(folder(), 'runs.db')
    writeFileSync(path, '')
    logSpace(path)(STEP)
    expect(existsSync(`${path}-wal`)).toBe(false)
  })

  it('leaves what is there as it is', () => {
    const path = join(folder(), 'runs.db')
    writeFileSync(path, '')
    writeFileSync(`${path}-wal`, 'frames')
    logSpace(path)(STEP)
    const log = readFileSync(`${path}-wal`)
    expect(log.length).toBe(6 + STEP)
    expect(log.subarray(0, 6).toString()).toBe('frames')
    expect(log.subarray(6).every((byte) => byte === 0)).toBe(true)
  })
})
