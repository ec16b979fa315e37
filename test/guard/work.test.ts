/**
 * What a step costs besides the work that it does, counted: transactions, turns of the event loop, bytes allocated, modules
 * loaded. No clock: margins are for what may differ between two machines, and a change for the worse is a multiple.
 */
import { execFile } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createEngine, type EmbeddedEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/core/ports/store.ts'
import { folder } from '../support/folder.ts'
import { countedStore } from './support/counted.ts'

function over(store: Store): EmbeddedEngine {
  const engine = createEngine({ store, clock: new VirtualClock(0) })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

const group = workflow({
  name: 'group',
  execute: async (_ctx, steps: number) => {
    const all = Array.from({ length: steps }, (_, n) => step(`step-${n}`, () => n))
    return (await parallel(all, { concurrency: 100 })).length
  },
})

const sequence = workflow({
  name: 'sequence',
  execute: async (_ctx, steps: number) => {
    for (let n = 0; n < steps; n++) await step(`step-${n}`, () => n)
    return steps
  },
})

/** What starting and ending a run adds. */
const ONCE = 10

describe('transactions', () => {
  test('steps of a group that end together share one', async () => {
    const { store, commits } = await countedStore(folder())
    const engine = over(store)
    commits()
    expect(await group.run(2000, { engine })).toBe(2000)
    expect(commits()).toBeLessThanOrEqual(2000 / 50 + ONCE)
  })

  test('steps one after another take one each', async () => {
    const { store, commits } = await countedStore(folder())
    const engine = over(store)
    commits()
    expect(await sequence.run(500, { engine })).toBe(500)
    const taken = commits()
    expect(taken).toBeGreaterThanOrEqual(500) // each is durable before the next begins
    expect(taken).toBeLessThanOrEqual(500 + ONCE)
  })

  test('runs at once share theirs', async () => {
    const { store, commits } = await countedStore(folder())
    const engine = over(store)
    commits()
    const runs = await Promise.all(Array.from({ length: 50 }, () => sequence.run(20, { engine })))
    expect(runs).toEqual(Array.from({ length: 50 }, () => 20))
    expect(commits()).toBeLessThanOrEqual((50 * 20) / 10)
  })
})

describe('turns of the event loop', () => {
  const turns = (): number => performance.nodeTiming.uvMetricsInfo.loopCount

  test.for([
    ['a group', group, 1000 / 10],
    ['a sequence', sequence, 3 * 1000],
  ] as const)('are few for each step of %s', async ([, flow, most]) => {
    const engine = over(memoryStore())
    const before = turns()
    expect(await flow.run(1000, { engine })).toBe(1000)
    expect(turns() - before).toBeLessThanOrEqual(most + ONCE)
  })
})

interface Weighed {
  readonly modules: readonly string[]
  readonly files: number
  /** Bytes allocated for each step. */
  readonly bytes: Readonly<Record<'outside' | 'group' | 'sequence', number>>
}

describe('what a process of its own does', () => {
  const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
  let weighed: Weighed

  beforeAll(async () => {
    const execute = promisify(execFile)
    await execute(process.execPath, [path('../../scripts/build.mjs'), '--if-stale'])
    const { stdout } = await execute(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      path('support/weigh.ts'),
    ])
    weighed = JSON.parse(stdout) as Weighed
  }, 180_000)

  test('importing the package reads a few files, and no built-in module that it does not need yet', () => {
    expect(weighed.files).toBeLessThanOrEqual(3)
    const needed = ['module', 'os', 'stream', 'stream/promises', 'string_decoder', 'zlib']
    expect(weighed.modules.filter((name) => !needed.includes(name))).toEqual([])
  })

  test.for([
    ['outside', 3000],
    ['group', 7000],
    ['sequence', 14_000],
  ] as const)('a step allocates little: %s', ([where, most]) => {
    expect(weighed.bytes[where]).toBeGreaterThan(100) // it did happen
    expect(weighed.bytes[where]).toBeLessThanOrEqual(most)
  })
})
