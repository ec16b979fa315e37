import {
  createEngine,
  type EmbeddedEngine,
  type EngineOptions,
  parallel,
  step,
  workflow,
  type Workflow,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aborted, gate, gates, Meter, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'

const DAY = 86_400_000

interface Member {
  readonly engine: EmbeddedEngine
  readonly clock: VirtualClock
  readonly log: LogBook
}

/** Engines over one file, as processes would be, each with its own time. */
async function crew(size: number, options: EngineOptions = {}): Promise<Member[]> {
  const dir = await mkdtemp(join(tmpdir(), 'ai-workflows-'))
  const now = Date.now()
  const members = Array.from({ length: size }, () => {
    const [clock, log] = [new VirtualClock(now), new LogBook()]
    return { engine: createEngine({ dir, clock, log, parkAfter: '1s', ...options }), clock, log }
  })
  onTestFinished(async () => {
    await Promise.all(members.map(({ engine }) => engine.stop({ grace: 0 })))
    await rm(dir, { recursive: true, force: true })
  })
  return members
}

/** All look around, again and again, until the promise has settled. */
async function meanwhile<T>(members: readonly Member[], promise: Promise<T>): Promise<T> {
  const settled = new AbortController()
  const stop = (): void => settled.abort()
  promise.then(stop, stop)
  while (!settled.signal.aborted) {
    for (const { clock } of members) clock.advance(250)
    await quiet(5)
  }
  return await promise
}

describe('R4 workers', () => {
  test('R4: take up what was started and left by an engine that has stopped', async () => {
    const [first, second] = (await crew(2)) as [Member, Member]
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: (_ctx, n: number) =>
        step('s', ({ signal }) => (signal.aborted ? 0 : held.promise.then(() => n))),
    })
    for (const n of [1, 2]) await flow.start(n, { id: `r${n}`, engine: first.engine })
    await first.engine.stop({ grace: 0 })
    held.open()
    await second.engine.work([flow])
    await second.engine.idle()
    expect((await second.engine.list()).map(({ status }) => status)).toEqual(['completed', 'completed'])
  })

  test('R4: execute at most `concurrency` runs at once, and leave the rest to others', async () => {
    const members = (await crew(2)) as [Member, Member]
    const doors = gates<string>()
    const meters = [new Meter(), new Meter()] as const
    const flow = (who: 0 | 1) =>
      workflow({
        name: 'w',
        execute: (_ctx, n: number) => step('s', () => meters[who].during(`${n}`, () => doors(`${n}`).pass())),
      })
    await members[0].engine.work([flow(0)], { concurrency: 2 })
    const runs = []
    for (let n = 0; n < 6; n++) runs.push(await flow(0).start(n, { id: `r${n}`, engine: members[0].engine }))
    await quiet()
    expect(meters[0].started).toEqual(['0', '1'])
    await members[1].engine.work([flow(1)], { concurrency: 3 })
    await doors('4').reached
    expect(meters[1].started).toEqual(['2', '3', '4'])
    for (let n = 0; n < 6; n++) doors(`${n}`).open(`${n} done`)
    const results = Promise.all(runs.map((run) => run.result()))
    expect(await meanwhile(members, results)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `${n} done`))
    expect([meters[0].most <= 2, meters[1].most <= 3]).toEqual([true, true])
  })

  test('R4 M9: a parent that waits leaves its place to its children, also when there is only one place', async () => {
    const members = await crew(1)
    const [{ engine }] = members as [Member]
    const grandchild = workflow({ name: 'grandchild', execute: () => step('g', () => 1) })
    const child = workflow({
      name: 'child',
      execute: async (ctx) => (await ctx.invoke(grandchild, {})) + (await ctx.invoke(grandchild, {})),
    })
    const flow = workflow({
      name: 'parent',
      execute: async (ctx) => {
        const parts = await parallel([ctx.invoke(child, {}), ctx.invoke(child, {})])
        return parts[0] + parts[1]
      },
    })
    await engine.work([flow], { concurrency: 1 })
    const run = await flow.start({}, { engine })
    expect(await meanwhile(members, run.result())).toBe(4)
  })

  test('R4 M9: a child may be executed by another engine than its parent, and its end wakes the parent', async () => {
    const members = (await crew(2)) as [Member, Member]
    const executedBy: string[] = []
    const flows = members.map((_, who) => {
      const child = workflow({
        name: 'child',
        execute: (ctx, n: number) =>
          step('in', () => {
            executedBy.push(`${ctx.id} by ${who}`)
            return n
          }),
      })
      const parent = workflow({
        name: 'parent',
        execute: (ctx) =>
          parallel([step('busy', () => gates0.pass()), ctx.invoke(child, 1), ctx.invoke(child, 2)]),
      })
      return { child, parent }
    })
    const gates0 = gate<string>()
    await members[0].engine.work([flows[0]!.parent], { concurrency: 1 })
    await members[1].engine.work([flows[1]!.child])
    const run = await flows[0]!.parent.start({}, { id: 'p', engine: members[0].engine })
    const result = run.result()
    await gates0.reached // the parent keeps the only place of its engine
    while (executedBy.length < 2) {
      for (const { clock } of members) clock.advance(250)
      await quiet(5)
    }
    gates0.open('done')
    expect(await meanwhile(members, result)).toEqual(['done', 1, 2])
    expect(executedBy.toSorted()).toEqual(['p/child by 1', 'p/child#2 by 1'])
  })

  test('R4 R7: a waiting run of an engine that died is executed by another when it is due', async () => {
    const [first, second] = (await crew(2)) as [Member, Member]
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep('1d') })
    await flow.start({}, { id: 'r', engine: first.engine })
    for (let look = 0; look < 10; look++) {
      first.clock.advance(250)
      await first.engine.idle()
    }
    expect(await second.engine.lookUp('r')).toMatchObject({ status: 'waiting' })
    await second.engine.work([flow]) // from now on nothing is heard of the first
    for (let time = 0; time < DAY + 20_000; time += 10_000) {
      second.clock.advance(10_000)
      if (time % 600_000 === 0 || time > DAY) await quiet(10)
    }
    await second.engine.idle()
    expect(await second.engine.lookUp('r')).toMatchObject({ status: 'completed' })
  })

  test('R4: who asks for a result without knowing the code waits for a worker, as long as there may be one', async () => {
    const members = (await crew(3)) as [Member, Member, Member]
    const [first, second, third] = members
    const held = gate<string>()
    const flow = workflow({ name: 'w', execute: () => step('s', () => held.pass()) })
    await first.engine.work([flow], { concurrency: 1 })
    for (const id of ['one', 'two']) await flow.start({}, { id, engine: first.engine })
    const result = third.engine.find('two').result() // pending: there is no room for it
    const here = first.engine.find('two').result()
    await quiet()
    await second.engine.work([flow])
    held.open('done')
    expect(await meanwhile(members, Promise.all([result, here]))).toEqual(['done', 'done'])
  })

  test.each<[string, Workflow[], object, RegExp]>([
    ['a workflow without a name', [workflow({ execute: () => 1 })], {}, /without a name/],
    [
      'two of one name',
      [workflow({ name: 'w', execute: () => 1 }), workflow({ name: 'w', execute: () => 2 })],
      {},
      /two workflows are called "w"/,
    ],
    ['no places', [], { concurrency: 0 }, /"concurrency": expected a whole number of at least 1/],
    ['a misspelt option', [], { concurency: 1 }, /did you mean "concurrency"/],
  ])('E7: %s is refused', async (_what, workflows, options, message) => {
    const [{ engine }] = (await crew(1)) as [Member]
    await expect(engine.work(workflows, options)).rejects.toThrow(message)
  })
})

describe('R3 R4 leases', () => {
  test('R3 R4: the runs of an engine that is silent for longer than its lease go to another; it notices, and stops', async () => {
    const [first, second] = (await crew(2, { lease: '4s', heartbeat: '1s' })) as [Member, Member]
    const held = gate<string>()
    const reasons: unknown[] = []
    let executions = 0
    const flow = workflow({
      name: 'w',
      execute: () => {
        const mine = ++executions
        return step('s', ({ signal }) => {
          if (mine > 1) return 'second'
          void aborted(signal).then((reason) => reasons.push(reason))
          return held.pass()
        })
      },
    })
    const result = flow.run({}, { id: 'r', engine: first.engine })
    await held.reached
    await second.engine.work([flow])
    second.clock.advance(3000)
    await second.engine.idle()
    expect(executions).toBe(1)
    for (let look = 0; look < 4; look++) {
      second.clock.advance(1500)
      await second.engine.idle()
    }
    expect(await second.engine.lookUp('r')).toMatchObject({ status: 'completed' })
    first.clock.advance(1000) // it wakes up, and says that it is alive
    await quiet(30)
    expect(reasons).toHaveLength(1)
    expect(first.log.messages('warn')).toEqual([expect.stringContaining('silent for longer than its lease')])
    held.open('first')
    expect(await meanwhile([first], result)).toBe('second')
    const { journal } = await second.engine.inspect('r')
    expect(journal).toHaveLength(1)
  })

  test.each([DAY, -DAY])(
    'R4: a wall clock that is set by %i ms takes no run from a living engine, and lets none of a dead one be',
    async (jump) => {
      const [first, second] = (await crew(2, { lease: '4s', heartbeat: '1s' })) as [Member, Member]
      const [held, again] = [gate<string>(), gate<string>()]
      let executions = 0
      const flow = workflow({
        name: 'w',
        execute: () => {
          const mine = ++executions
          return step('s', () => (mine === 1 ? held : again).pass())
        },
      })
      await flow.start({}, { id: 'r', engine: first.engine })
      await held.reached
      await second.engine.work([flow])
      for (const { clock } of [first, second]) clock.jump(jump)
      for (let second_ = 0; second_ < 60; second_++) {
        for (const { clock } of [first, second]) clock.advance(1000)
        await quiet(5)
      }
      expect(executions).toBe(1)
      for (let look = 0; look < 10; look++) {
        second.clock.advance(1000)
        await quiet(10)
      }
      await again.reached
      again.open('second')
      await second.engine.idle()
      expect(await second.engine.lookUp('r')).toMatchObject({ status: 'completed' })
    },
  )

  test.each([
    [{ lease: '1s', heartbeat: '2s' }],
    [{ lease: '1s', heartbeat: '1s' }],
    [{ lease: '1s', heartbeat: 0 }],
    [{ heartbeat: '1m' }],
    [{ lease: 0 }],
  ] as const)('E7: %o is refused: one late heartbeat would lose every run', (options) => {
    expect(() => createEngine(options)).toThrow(/a heartbeat must be shorter than the lease that it renews/)
  })
})
