import { createEngine, type EmbeddedEngine, memoryStore, race, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../src/core/ports/clock.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { aborted, gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { lasting } from './support/faulty-store.ts'

type Place = 'memory' | 'sqlite'

/** Two engines over the same runs, each with its own time: the first one's can stand still while the second's goes on. */
async function pair(
  place: Place,
): Promise<{ first: EmbeddedEngine; second: EmbeddedEngine; clocks: [VirtualClock, VirtualClock] }> {
  const now = Date.now()
  const clocks: [VirtualClock, VirtualClock] = [new VirtualClock(now), new VirtualClock(now)]
  const open = await opener(place)
  const engine = async (clock: Clock): Promise<EmbeddedEngine> => {
    const made = createEngine({ store: await open(), log: new LogBook(), clock })
    onTestFinished(() => made.stop({ grace: 0 }))
    return made
  }
  return { first: await engine(clocks[0]), second: await engine(clocks[1]), clocks }
}

async function opener(place: Place): Promise<() => Promise<Store>> {
  if (place === 'memory') {
    const store = lasting(memoryStore())
    return () => Promise.resolve(store)
  }
  const dir = await mkdtemp(join(tmpdir(), 'ai-workflows-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return () => sqliteStore({ dir })
}

/** Lets time go on by steps of a poll, until the promise has settled. */
async function meanwhile<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  const ended = new AbortController()
  const settled = promise.finally(() => ended.abort())
  settled.catch(() => undefined)
  while (!ended.signal.aborted) {
    clock.advance(200)
    await quiet(2)
  }
  return await settled
}

for (const place of ['memory', 'sqlite'] as const) {
  describe(`a run taken over by another engine, ${place}`, () => {
    test('R3: what the first engine still commits is refused, its steps are aborted, and its caller gets the result of the second', async () => {
      const { first, second, clocks } = await pair(place)
      const [firstGate, reasons] = [gate<string>(), [] as unknown[]]
      let executions = 0
      const flow = workflow({
        name: 'both',
        execute: async () => {
          const mine = ++executions
          const long = step('long', ({ signal }) => {
            if (mine === 2) return 'second'
            void aborted(signal).then((reason) => reasons.push(reason))
            return new Promise<string>(() => undefined)
          })
          const short = step('short', () => (mine === 1 ? firstGate.pass() : 'second'))
          return (await Promise.all([long, short])).join()
        },
      })
      const run = await flow.start({}, { id: 'r', engine: first })
      const result = run.result()
      await firstGate.reached
      clocks[1].advance(31_000) // for the second engine the first has been silent for long
      const there = await flow.start({}, { id: 'r', engine: second })
      expect(await there.result()).toBe('second,second')
      firstGate.open('first')
      expect(await meanwhile(clocks[0], result)).toBe('second,second')
      expect(reasons).toMatchObject([
        { code: 'CANCELLED', kind: 'run-taken-over', cause: { code: 'STORE', problem: 'fenced' } },
      ])
      const { journal } = await second.inspect('r')
      expect(journal.map(({ completion }) => completion.key).sort()).toEqual(['long', 'short'])
    })

    test('R3: the caller of the first engine waits on while the second still executes', async () => {
      const { first, second, clocks } = await pair(place)
      const gates = [gate<string>(), gate<string>()]
      let executions = 0
      const flow = workflow({ name: 'both', execute: () => step('s', () => gates[executions++]?.pass()) })
      const result = flow.run({}, { id: 'r', engine: first })
      await gates[0]?.reached
      clocks[1].advance(31_000)
      const there = await flow.start({}, { id: 'r', engine: second })
      await gates[1]?.reached
      gates[0]?.open('first')
      await quiet()
      for (let time = 0; time < 31_000; time += 2000) {
        for (const clock of clocks) clock.advance(2000) // the second says that it is alive
        await quiet()
      }
      gates[1]?.open('second')
      expect(await there.result()).toBe('second')
      expect(await meanwhile(clocks[0], result)).toBe('second')
    })

    test('R3: a parent that was taken over: the first engine starts no child twice, and there is one end', async () => {
      const { first, second, clocks } = await pair(place)
      const go = gate<string>()
      let childRuns = 0
      const child = workflow({ name: 'child', execute: () => step('in', () => ++childRuns) })
      let executions = 0
      const parent = workflow({
        name: 'parent',
        execute: async (ctx) => {
          const mine = ++executions
          await step('s', () => (mine === 1 ? go.pass() : 'x'))
          return await ctx.invoke(child, {})
        },
      })
      const result = parent.run({}, { id: 'p', engine: first })
      await go.reached
      clocks[1].advance(31_000)
      const there = await parent.start({}, { id: 'p', engine: second })
      go.open('x')
      expect(await there.result()).toBe(1)
      expect(await meanwhile(clocks[0], result)).toBe(1)
      expect(childRuns).toBe(1)
    })
  })
}

describe('one owner at a time', () => {
  test('R4: the heartbeat goes on while another run of the engine ends and this one is just being taken', async () => {
    const clock = new VirtualClock(Date.now())
    const store = lasting(memoryStore())
    let letGo: (() => void) | undefined
    let holding = false
    const slow: Store = {
      ...store,
      readJournal: async (...where) => {
        if (holding) await new Promise<void>((resolve) => (letGo = resolve))
        return await store.readJournal(...where)
      },
    }
    const engine = createEngine({ store: slow, clock, log: new LogBook() })
    onTestFinished(() => engine.stop({ grace: 0 }))
    const [one, two] = [gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: (_ctx, which: string) => step('s', () => (which === '1' ? one : two).pass()),
    })
    const first = await flow.start('1', { id: '1', engine })
    holding = true
    const starting = flow.start('2', { id: '2', engine })
    await quiet()
    one.open()
    await first.result()
    holding = false
    letGo?.()
    await starting
    await two.reached
    const other = createEngine({ store: slow, clock, log: new LogBook() })
    onTestFinished(() => other.stop({ grace: 0 }))
    for (let time = 0; time < 60_000; time += 1000) {
      clock.advance(1000)
      await quiet(2)
    }
    const record = await other.lookUp('2')
    if (record === undefined) throw new Error('there is no run')
    expect(await other.isRunning(record)).toBe(true)
    two.open()
  })

  test('R4: an event that another process sends while the run is being taken is not lost', async () => {
    const clock = new VirtualClock(Date.now())
    const store = lasting(memoryStore())
    let letGo: (() => void) | undefined
    let holding = false
    const slow: Store = {
      ...store,
      readJournal: async (...where) => {
        if (holding) await new Promise<void>((resolve) => (letGo = resolve))
        return await store.readJournal(...where)
      },
    }
    const engine = createEngine({ store: slow, clock, log: new LogBook() })
    const sender = createEngine({ store, clock, log: new LogBook() })
    onTestFinished(() => Promise.all([engine.stop({ grace: 0 }), sender.stop()]).then(() => undefined))
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.waitForEvent<string>('go') })
    holding = true
    const starting = flow.start({}, { id: 'r', engine })
    await quiet()
    await sender.find('r').signal('go', 'gone')
    clock.advance(250) // the engine looks, and the run is not there yet
    await quiet()
    holding = false
    letGo?.()
    const run = await starting
    expect(await meanwhile(clock, run.result())).toBe('gone')
  })

  test('R4: waiting for a run that another engine executes leaves no heartbeat of one that executes nothing', async () => {
    const clocks = [new VirtualClock(Date.now()), new VirtualClock(Date.now())] as const
    const store = lasting(memoryStore())
    const engines = clocks.map((clock) => createEngine({ store, clock, log: new LogBook() }))
    onTestFinished(() => Promise.all(engines.map((one) => one.stop({ grace: 0 }))).then(() => undefined))
    const held = gate<string>()
    const flow = workflow({ name: 'w', execute: () => step('s', () => held.pass()) })
    await flow.start({}, { id: 'r', engine: engines[0]! })
    const result = flow.get('r', { engine: engines[1]! }).result()
    await quiet()
    expect(clocks[1].pending).toBe(1) // the next look, and no heartbeat
    held.open('done')
    expect(await meanwhile(clocks[1], result)).toBe('done')
    expect(clocks[1].pending).toBe(0)
  })

  test('M12: two engines start one id at once: one run, executed once', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'ai-workflows-'))
    const engines = [0, 1].map(() => createEngine({ dir, log: new LogBook() }))
    onTestFinished(async () => {
      await Promise.all(engines.map((one) => one.stop({ grace: 0 })))
      await rm(dir, { recursive: true, force: true })
    })
    let calls = 0
    const flow = workflow({
      name: 'w',
      execute: (_ctx, no: number) => race([step('s', () => ++calls && no)]),
    })
    for (let no = 0; no < 5; no++) {
      const runs = await Promise.all(
        engines.flatMap((engine) => [
          flow.start(no, { id: `r${no}`, engine }),
          flow.start(no, { id: `r${no}`, engine }),
        ]),
      )
      expect(await Promise.all(runs.map((run) => run.result()))).toEqual([no, no, no, no])
    }
    expect(calls).toBe(5)
  })
})
