import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createEngine,
  type EmbeddedEngine,
  type EngineOptions,
  memoryStore,
  step,
  workflow,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { folder } from '../support/folder.ts'

const DAY = 86_400_000

const child = workflow({ name: 'child', execute: async () => await step('s', () => 1) })
const sums = workflow({
  name: 'sums',
  execute: async (ctx, n: number) => {
    if (n < 0) throw new Error('negative')
    return n + (await ctx.invoke(child, n))
  },
})

function engineOf(options: EngineOptions): EmbeddedEngine {
  const engine = createEngine({ log: { debug() {}, info() {}, warn() {}, error() {} }, ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

async function ids(engine: EmbeddedEngine): Promise<string[]> {
  return (await engine.list()).map(({ id }) => id).toReversed()
}

async function runToEnd(engine: EmbeddedEngine, id: string, n: number): Promise<void> {
  const handle = await engine.start(sums, n, { id })
  await handle.result().catch(() => undefined)
}

describe('keep', () => {
  it('deletes older runs, with the runs that they started, when something happens in the engine', async () => {
    const clock = new VirtualClock()
    const engine = engineOf({ store: memoryStore(), clock, keep: { completed: '30d' } })
    await runToEnd(engine, 'old', 1)
    await runToEnd(engine, 'failed', -1)
    expect(await ids(engine)).toEqual(['old', 'old/child', 'failed'])
    clock.advance(20 * DAY)
    await runToEnd(engine, 'middle', 2)
    expect(await ids(engine)).toContain('old')
    clock.advance(11 * DAY)
    await runToEnd(engine, 'new', 3)
    expect(await ids(engine)).toEqual(['failed', 'middle', 'middle/child', 'new', 'new/child'])
  })

  it('deletes what has become too old meanwhile when the engine opens its store', async () => {
    const clock = new VirtualClock()
    const dir = folder()
    const before = engineOf({ dir, clock, durability: 'process-crash' })
    await runToEnd(before, 'old', 1)
    clock.advance(31 * DAY)
    await runToEnd(before, 'new', 1)
    expect(await ids(before)).toContain('old')
    await before.stop()
    const engine = engineOf({ dir, clock, keep: '30d', durability: 'process-crash' })
    await engine.list()
    await engine.prune()
    expect(await ids(engine)).toEqual(['new', 'new/child'])
  })

  it('that fails is told, and tried again; runs go on', async () => {
    const clock = new VirtualClock()
    const told: string[] = []
    const log = { debug() {}, info() {}, error() {}, warn: (text: string) => void told.push(text) }
    const store = memoryStore()
    let fails = true
    const engine = engineOf({
      clock,
      log,
      keep: 0,
      store: {
        ...store,
        prune: (request) => (fails ? Promise.reject(new Error('x')) : store.prune(request)),
      },
    })
    await runToEnd(engine, 'a', 1)
    expect(told).toEqual(['Could not delete old runs; tried again later'])
    fails = false
    clock.advance(6 * 60_000)
    await runToEnd(engine, 'b', 1)
    await engine.stop()
    expect(told).toHaveLength(1)
  })

  it.for([
    [{ keep: 'soon' }, /"keep": expected milliseconds or a duration/],
    [{ keep: -1 }, /"keep"/],
    [{ keep: Number.NaN }, /"keep"/],
    [{ keep: { complete: '1d' } }, /unknown option "complete"; did you mean "completed"/],
    [{ keep: { failed: '69999w' } }, /"failed".*longer than 68 years/],
    [{ keep: { blocked: '1d' } }, /unknown option "blocked"/],
  ])('refuses %j', ([options, message]) => {
    expect(() => createEngine(options as EngineOptions)).toThrow(message)
  })
})

describe('prune by hand', () => {
  it('says how many runs it deleted, or would delete', async () => {
    const clock = new VirtualClock()
    const engine = engineOf({ store: memoryStore(), clock })
    for (let n = 0; n < 5; n++) await runToEnd(engine, `run-${n}`, n - 1)
    clock.advance(DAY)
    await expect(engine.prune()).rejects.toThrow(/how long to keep/)
    expect(await engine.prune('2d')).toBe(0)
    expect(await engine.prune('1h', { dryRun: true })).toBe(9)
    expect(await engine.prune({ failed: 0 })).toBe(1)
    expect(await engine.prune('1h')).toBe(8)
    expect(await ids(engine)).toEqual([])
  })

  it('leaves alone what still runs, and a deleted id can be used again', async () => {
    const clock = new VirtualClock()
    const engine = engineOf({ store: memoryStore(), clock })
    const waits = workflow({ name: 'waits', execute: async (ctx) => await ctx.waitForEvent('go') })
    const handle = await engine.start(waits, undefined, { id: 'w' })
    await runToEnd(engine, 'a', 1)
    clock.advance(DAY)
    expect(await engine.prune(0)).toBe(2)
    await handle.signal('go', 7)
    expect(await handle.result()).toBe(7)
    expect(await (await engine.start(sums, 5, { id: 'a' })).result()).toBe(6)
  })
})

describe('looking after the file', () => {
  it('is done through the engine', async () => {
    const dir = folder()
    const engine = engineOf({ dir, durability: 'process-crash' })
    await runToEnd(engine, 'a', 1)
    expect(await engine.doctor()).toMatchObject({ healthy: true, size: { runs: 2 } })
    const { path } = await engine.backup(join(dir, 'copy', '..', 'copy.db'))
    expect(path).toBe(join(dir, 'copy.db'))
    expect(await engine.vacuum()).toMatchObject({ needsFull: false })
  })

  it('is refused where there is none', async () => {
    const engine = engineOf({ store: memoryStore() })
    const refused = expect.objectContaining({
      problem: 'unsupported',
      message: expect.stringMatching(/no file/),
    })
    await expect(engine.backup('x')).rejects.toEqual(refused)
    await expect(engine.vacuum()).rejects.toEqual(refused)
    await expect(engine.doctor()).rejects.toEqual(refused)
  })
})
