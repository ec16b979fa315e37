/**
 * How cost grows, held without a clock: what is counted is what the time is spent on. `bench/growth` measures the times.
 * Time stands still here, so that no heartbeat, note or look at the inbox comes in between.
 */
import { createEngine, type EmbeddedEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { expect, onTestFinished, test } from 'vitest'
import { heapBytes } from '../../bench/usage.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { end, entry, newRun, stepDone } from '../../src/testing/store-cases/fixtures.ts'
import { folder } from '../support/folder.ts'
import { type Count, type CountedStore, countedStore } from './support/counted.ts'

function over(store: Store): EmbeddedEngine {
  const engine = createEngine({ store, clock: new VirtualClock(0) })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

const sum = (counts: ReadonlyMap<string, Count>, of: 'calls' | 'rows'): number =>
  [...counts.values()].reduce((total, count) => total + count[of], 0)

/** Ended runs of twenty workflows: of every ten one is a child, of every hundred one has failed. */
async function fill(store: Store, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const parent = n % 10 === 5 ? { id: `run-${n - 1}`, key: 'child' } : undefined
      const { run } = await store.createRun(newRun(`run-${n}`, { workflow: `filler-${n % 20}`, parent }))
      const claim = await store.claim({ no: run.no, epoch: run.epoch, owner: 'filler' })
      if (claim === undefined) throw new Error('a new run was claimed by somebody else')
      await store.commit([
        entry(claim, 1),
        end(claim, n % 100 === 0 ? 'failed' : 'completed', { output: 'j1' }),
      ])
    }),
  )
}

const greet = workflow({ name: 'greet', execute: (_ctx, n: number) => step('double', () => n * 2) })

async function costs(runs: number): Promise<Record<string, ReadonlyMap<string, Count>>> {
  const { store, counts } = await countedStore(folder())
  await fill(store, runs)
  const engine = over(store)
  expect(await greet.run(20, { engine, id: 'first' })).toBe(40)
  const found: Record<string, ReadonlyMap<string, Count>> = {}
  const cost = async (verb: string, call: () => Promise<unknown>): Promise<void> => {
    counts()
    await call()
    found[verb] = counts()
  }
  await cost('run', () => greet.run(21, { engine, id: 'second' }))
  await cost('show', () => engine.inspect('run-7'))
  await cost('list', () => engine.list({}, { limit: 20 }))
  await cost('list of a workflow', () => engine.list({ workflow: 'filler-7' }, { limit: 2 }))
  await cost('list of two statuses', () => engine.list({ status: ['failed', 'completed'] }, { limit: 20 }))
  await cost('resume', () => engine.resume([greet]))
  return found
}

test('what starting, showing, listing and resuming execute and read does not depend on how many runs there are', async () => {
  const [few, many] = [await costs(200), await costs(2000)]
  expect(many).toEqual(few)
  for (const counts of Object.values(few)) expect(sum(counts, 'calls')).toBeGreaterThan(0)
})

async function recorded({ store }: CountedStore, steps: number): Promise<void> {
  const { run } = await store.createRun(newRun(`run-${steps}`, { workflow: 'sequence', input: `j${steps}` }))
  const claim = await store.claim({ no: run.no, epoch: run.epoch, owner: 'filler' })
  if (claim === undefined) throw new Error('a new run was claimed by somebody else')
  const entries = Array.from({ length: steps }, (_, n) => entry(claim, n + 1, stepDone(`step-${n}`, `j${n}`)))
  await store.commit(entries)
  await store.release(claim)
}

test('a replay reads each entry a bounded number of times, a page at a time', async () => {
  const counted = await countedStore(folder())
  const engine = over(counted.store)
  const sequence = workflow({
    name: 'sequence',
    execute: async (_ctx, steps: number) => {
      let total = 0
      for (let n = 0; n < steps; n++)
        total += await step(`step-${n}`, (): number => {
          throw new Error('a recorded step was executed')
        })
      return total
    },
  })
  const replayed = async (steps: number): Promise<ReadonlyMap<string, Count>> => {
    await recorded(counted, steps)
    counted.counts()
    const total = await sequence.get(`run-${steps}`, { engine }).result()
    expect(total).toBe((steps * (steps - 1)) / 2)
    return counted.counts()
  }
  await replayed(10)
  const [small, large] = [await replayed(2000), await replayed(8000)]
  const more = (of: 'calls' | 'rows'): number => sum(large, of) - sum(small, of)
  expect(more('rows')).toBeGreaterThanOrEqual(6000)
  expect(more('rows')).toBeLessThanOrEqual(2 * 6000) // once to see what there is, once to deliver
  expect(more('calls')).toBeLessThanOrEqual(6000 / 50)
  const pages = [...large.values()].map(({ most }) => most)
  expect(Math.max(...pages)).toBeLessThanOrEqual(2048)
})

test('a step of a group is one row, and no statement is executed more than once for it', async () => {
  const { store, counts } = await countedStore(folder())
  const engine = over(store)
  const group = workflow({
    name: 'group',
    execute: async (_ctx, steps: number) => {
      const branches = Array.from({ length: steps }, (_, n) => step(`step-${n}`, () => n))
      return (await parallel(branches, { concurrency: 100 })).length
    },
  })
  expect(await group.run(10, { engine })).toBe(10)
  for (const steps of [1000, 4000]) {
    counts()
    expect(await group.run(steps, { engine })).toBe(steps)
    const found = counts()
    const perStep = [...found].filter(([, { calls }]) => calls > steps / 2)
    expect(perStep.map(([sql, { calls }]) => [/\w+ \w+ \w+/.exec(sql)?.[0], calls])).toEqual([
      ['INSERT INTO journal', steps],
    ])
  }
})

/** Bytes. */
test.for(['outside of a workflow', 'inside'])(
  'a branch that has not begun weighs little, %s',
  async (where) => {
    const BRANCHES = 50_000
    const weighed = async (): Promise<number> => {
      const first = Promise.withResolvers<number>()
      const rest = Promise.withResolvers<void>()
      let before = 0
      const branches = Array.from({ length: BRANCHES }, (_, n) => async () => {
        if (n === 0) first.resolve((heapBytes() - before) / BRANCHES)
        await rest.promise
        return n
      })
      before = heapBytes()
      const whole = parallel(branches, { concurrency: 1 }).then((results) => results.length)
      const bytes = await first.promise
      rest.resolve()
      expect(await whole).toBe(BRANCHES)
      return bytes
    }
    const inside = workflow({ name: 'weighed', execute: weighed })
    const bytes =
      where === 'inside' ? await inside.run(undefined, { engine: over(memoryStore()) }) : await weighed()
    expect(bytes).toBeLessThan(600) // the goal is 400; what else lives in this process comes and goes
  },
)
