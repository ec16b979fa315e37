import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  claimed,
  entry,
  keys,
  newRun,
  rejectsWith,
  started,
  stored,
} from '../../src/testing/store-cases/fixtures.ts'
import { open, rawDatabase, turnClock } from './places.ts'
import { folder } from '../support/folder.ts'
import { startChild } from './processes.ts'

describe('R4 two stores on one file', () => {
  it('M12 two callers at once get one run', async () => {
    const dir = folder()
    const stores = [await open({ dir }), await open({ dir })]
    const results = await Promise.all(stores.map((store) => store.createRun(newRun('a'))))
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    expect(results[0]?.run).toEqual(results[1]?.run)
  })

  it('give a run to one of them, and fence the other once it was taken over (R3)', async () => {
    const dir = folder()
    const [first, second] = [await open({ dir }), await open({ dir })]
    const { run } = await first.createRun(newRun('a'))
    const claims = await Promise.all(
      [first, second].map((store, n) => store.claim({ no: run.no, epoch: 0, owner: `engine-${n}` })),
    )
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1)
    const old = claims.find((claim) => claim !== undefined)!
    await first.commit([entry(old, 1)])
    const current = await claimed(second, await stored(second, 'a'))
    const late = entry(old, 2)
    expect(await first.commit([late])).toMatchObject({ fenced: new Set([late]) })
    expect(await second.commit([entry(current, 2)])).toMatchObject({ fenced: new Set() })
    expect(await keys(first, run.no)).toEqual(['step-1', 'step-2'])
  })

  it('see what the other has posted, in one order', async () => {
    const dir = folder()
    const stores = [await open({ dir }), await open({ dir })]
    const { run } = await stores[0]!.createRun(newRun('a'))
    const posts = Array.from({ length: 20 }, (_, n) =>
      stores[n % 2]!.post({ run: run.no, kind: 'event', name: `e${n}`, payload: '1', at: n }),
    )
    const ids = (await Promise.all(posts)).map(({ id }) => id).toSorted((a, b) => a - b)
    for (const store of stores) {
      expect((await store.readInbox(0, 100)).map(({ id }) => id)).toEqual(ids)
      expect(await store.lastInboxId()).toBe(ids.at(-1))
    }
  })
})

describe('R5 a lock that another process holds', () => {
  it('delays a write, and no read, until it is released', async () => {
    const store = await open({ dir: folder() })
    const claim = await started(store, 'a')
    const other = startChild('hold', store.location)
    expect(await other.line()).toBe('holding')
    const commit = store.commit([entry(claim, 1)])
    expect(await keys(store, claim.no)).toEqual([])
    other.tell()
    expect(await other.line()).toBe('released')
    expect(await commit).toMatchObject({ fenced: new Set() })
    expect(await keys(store, claim.no)).toEqual(['step-1'])
    expect((await stored(store, 'a')).source).toBe('held')
  })

  it('is gone with its process, and so is what that had not committed', async () => {
    const store = await open({ dir: folder() })
    const claim = await started(store, 'a')
    const other = startChild('hold', store.location)
    expect(await other.line()).toBe('holding')
    const commit = store.commit([entry(claim, 1)])
    await other.kill()
    expect(await commit).toMatchObject({ fenced: new Set() })
    expect((await stored(store, 'a')).source).toBeUndefined()
  })

  it('is waited for in many short waits, up to the limit, and then the store is as usable as before', async () => {
    const clock = turnClock()
    const store = await open({ dir: folder(), clock, lockTimeout: 2000 })
    const claim = await started(store, 'a')
    const other = rawDatabase(store.location)
    other.exec('BEGIN IMMEDIATE')
    let turns = 0
    let waiting = true
    const turn = (): void => {
      turns++
      if (waiting) setImmediate(turn)
    }
    turn()
    const error = await rejectsWith('locked', store.commit([entry(claim, 1)]))
    waiting = false
    expect(error.message).toContain(store.location)
    expect(clock.now()).toBe(2000)
    expect(clock.waits).toBeGreaterThan(50)
    expect(turns).toBeGreaterThan(50)
    other.exec('COMMIT')
    expect(await store.commit([entry(claim, 1)])).toMatchObject({ fenced: new Set() })
  })

  it('refuses all that waited behind it, each after the limit and not one after the other', async () => {
    const clock = turnClock()
    const store = await open({ dir: folder(), clock, lockTimeout: 1000 })
    const other = rawDatabase(store.location)
    other.exec('BEGIN IMMEDIATE')
    const writes = Array.from({ length: 500 }, (_, n) =>
      rejectsWith('locked', store.createRun(newRun(`run-${n}`))),
    )
    await Promise.all(writes)
    expect(clock.now()).toBe(1000)
    other.exec('COMMIT')
    expect(await store.listRuns({}, { limit: 10 })).toEqual([])
    expect((await store.createRun(newRun('a'))).created).toBe(true)
  })

  it('with a limit of 0 is not waited for at all', async () => {
    const clock = turnClock()
    const store = await open({ dir: folder(), clock, lockTimeout: 0 })
    const other = rawDatabase(store.location)
    other.exec('BEGIN IMMEDIATE')
    await rejectsWith('locked', store.createRun(newRun('a')))
    expect(clock.waits).toBe(0)
  })
})

describe('R2 after a SIGKILL', () => {
  it('everything that was acknowledged is there, in order and whole', async () => {
    const file = join(folder(), 'runs.db')
    const writer = startChild('commit', file)
    let acknowledged = 0
    while (acknowledged < 50) acknowledged = Number(await writer.line())
    await writer.kill()
    const store = await open({ file })
    const { no, owner } = await stored(store, 'a')
    const found = await keys(store, no)
    expect(owner).toBe('engine-1')
    expect(found.length).toBeGreaterThanOrEqual(acknowledged)
    expect(found).toEqual(found.map((_, n) => `step-${n + 1}`))
  })
})
