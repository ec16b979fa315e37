/** M1 and M2: operations begin when somebody wants them, and end early when nobody does. */
import { parallel, race, step, type StepContext, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { aborted, gate, gates, Meter, quiet } from './support/gate.ts'
import { PLACES, sandbox, started } from './support/sandbox.ts'

describe.each(PLACES)('M1 on %s: an operation does nothing until it is wanted', (place) => {
  test('M1: creating starts nothing; then, catch, finally and await start it', async () => {
    const box = await sandbox(place)
    const seen: string[][] = []
    const lazy = workflow({
      name: 'lazy',
      execute: async () => {
        const ran: string[] = []
        const make = (name: string): ReturnType<typeof step<void>> => step(name, () => void ran.push(name))
        const operations = ['await', 'then', 'catch', 'finally', 'never'].map(make)
        await step('meanwhile', () => undefined)
        seen.push([...ran])
        await operations[0]
        await operations[1]?.then(() => undefined)
        await operations[2]?.catch(() => undefined)
        await operations[3]?.finally(() => undefined)
        seen.push([...ran])
      },
    })
    await lazy.run(null, { engine: box.engine })
    expect(seen).toEqual([[], ['await', 'then', 'catch', 'finally']])
    expect(started(box.events)).toEqual(['meanwhile', 'await', 'then', 'catch', 'finally'])
  })

  test('M1: a group that is not awaited starts none of its branches', async () => {
    const box = await sandbox(place)
    const idle = workflow({
      name: 'idle',
      execute: async () => {
        parallel([step('in a group', () => 1), () => step('in a function', () => 1)])
        race([step('in a race', () => 1)])
        await step('only', () => 1)
      },
    })
    await idle.run(null, { engine: box.engine })
    expect(started(box.events)).toEqual(['only'])
  })

  test('M1: at most `concurrency` run, ever; the next starts, in input order, the moment one ends', async () => {
    const box = await sandbox(place)
    const meter = new Meter()
    const door = gates()
    const names = Array.from({ length: 8 }, (_, index) => `item ${index}`)
    const limited = workflow({
      name: 'limited',
      execute: async () =>
        await parallel(
          names.map((name) => step(name, () => meter.during(name, () => door(name).pass()))),
          { concurrency: 3 },
        ),
    })
    const run = await limited.start(null, { engine: box.engine })
    // The slowest is the first: the others go through the two places beside it.
    for (const [index, name] of names.entries()) {
      await door(name).reached
      await quiet()
      expect(meter.running).toBe(3)
      if (index >= 2) door(name).open()
    }
    door('item 0').open()
    door('item 1').open()
    await run.result()
    expect(meter.most).toBe(3)
    expect(meter.started).toEqual(names)
  })

  test('M1: a limit counts function branches and operations alike, however many steps a function has', async () => {
    const box = await sandbox(place)
    const meter = new Meter()
    const mixed = workflow({
      name: 'mixed',
      execute: async () => {
        const branches = Array.from({ length: 12 }, (_, index) =>
          index % 2 === 0
            ? step(`step ${index}`, () => meter.during(`${index}`, () => quiet(2)))
            : () =>
                meter.during(`${index}`, async () => {
                  await step('first', () => quiet(1))
                  await step('second', () => quiet(1))
                }),
        )
        await parallel(branches, { concurrency: 4 })
      },
    })
    await mixed.run(null, { engine: box.engine })
    expect(meter.most).toBe(4)
    expect(meter.started).toEqual(Array.from({ length: 12 }, (_, index) => `${index}`))
  })

  test('M1: a step that was awaited before the group starts does not take a place twice, and runs once', async () => {
    const box = await sandbox(place)
    const door = gate<string>()
    let calls = 0
    const early = workflow({
      name: 'early',
      execute: async () => {
        const shared = step('shared', () => {
          calls++
          return door.pass()
        })
        const first = shared.then((value) => `${value}, awaited`)
        const group = parallel([shared, step('other', () => 'other')], { concurrency: 1 })
        const results = group.then((all) => all.join())
        await door.reached
        door.open('shared')
        return [await first, await results]
      },
    })
    expect(await early.run(null, { engine: box.engine })).toEqual(['shared, awaited', 'shared,other'])
    expect(calls).toBe(1)
  })
})

describe('M2: one-shot and shared', () => {
  const cases = [
    ['outside of a run', async (body: () => Promise<void>): Promise<void> => await body()],
    [
      'in a run',
      async (body: () => Promise<void>): Promise<void> => {
        const box = await sandbox()
        await workflow({ name: 'host', execute: body }).run(null, { engine: box.engine })
      },
    ],
  ] as const

  test.each(cases)(
    'M2: an operation awaited twice runs once and gives the same value, %s',
    async (_, within) => {
      let calls = 0
      await within(async () => {
        const one = step('one', () => ({ call: ++calls }))
        const [first, second] = [await one, await one]
        expect(first).toBe(second)
        expect(await Promise.all([one, one])).toEqual([{ call: 1 }, { call: 1 }])
      })
      expect(calls).toBe(1)
    },
  )

  test.each(cases)('M2: a failed one gives the same error to everybody, %s', async (_, within) => {
    let calls = 0
    await within(async () => {
      const bad = step('bad', () => {
        calls++
        throw new Error('bad')
      })
      const [first, second] = await Promise.all([
        bad.catch((error: unknown) => error),
        bad.catch((error: unknown) => error),
      ])
      const later: unknown = await bad.catch((error: unknown) => error)
      expect(first).toBe(second)
      expect(later).toBe(first)
      const [settled] = await parallel([bad], { settle: true })
      expect(settled).toEqual({ status: 'rejected', reason: first })
    })
    expect(calls).toBe(1)
  })

  test.each(cases)('M2: in two groups it runs once, and both have its result, %s', async (_, within) => {
    let calls = 0
    await within(async () => {
      const shared = step('shared', () => ++calls)
      expect(await Promise.all([parallel([shared, shared]), parallel({ shared }), race([shared])])).toEqual([
        [1, 1],
        { shared: 1 },
        1,
      ])
    })
    expect(calls).toBe(1)
  })

  /** A step that says when it runs, and how its signal ends. */
  function watched(): {
    fn: (context: StepContext) => Promise<string>
    running: Promise<void>
    end: (value: string) => void
    signal: () => AbortSignal
  } {
    const door = gate<string>()
    let seen: AbortSignal | undefined
    return {
      fn: async ({ signal }) => {
        seen = signal
        const given = door.pass()
        return await Promise.race([given, aborted(signal).then((reason) => Promise.reject(reason as Error))])
      },
      running: door.reached,
      end: door.open,
      signal: () => seen ?? expect.unreachable('the step has not begun'),
    }
  }

  test.each(cases)(
    'M2: a group that fails lets go, but a plain await still wants it: it runs on, %s',
    async (_, within) => {
      const slow = watched()
      await within(async () => {
        const shared = step('shared', slow.fn)
        const mine = shared.then((value) => value)
        await expect(parallel([shared, step('bad', () => Promise.reject(new Error('bad')))])).rejects.toThrow(
          'bad',
        )
        expect(slow.signal().aborted).toBe(false)
        slow.end('wanted')
        expect(await mine).toBe('wanted')
        expect(await shared).toBe('wanted')
      })
    },
  )

  test.each(cases)(
    'M2: two groups want it; it is aborted only when the second lets go too, %s',
    async (_, within) => {
      const slow = watched()
      await within(async () => {
        const shared = step('shared', slow.fn)
        const [first, second] = [gate(), gate()]
        const fails =
          (door: typeof first): (() => Promise<void>) =>
          async () => {
            await step('fails', async () => {
              await door.pass()
              throw new Error('bad')
            })
          }
        const groups = [parallel([shared, fails(first)]), parallel([shared, fails(second)])].map((group) =>
          group.catch((error: unknown) => error),
        )
        await Promise.all([slow.running, first.reached, second.reached])
        first.open()
        await groups[0]
        expect(slow.signal().aborted).toBe(false)
        second.open()
        await groups[1]
        expect(slow.signal().aborted).toBe(true)
        expect(slow.signal().reason).toMatchObject({ kind: 'sibling-failed' })
        await expect(shared).rejects.toMatchObject({ code: 'CANCELLED' })
      })
    },
  )

  test.each(cases)(
    'M2: awaited inside of a branch that is given up, and nowhere else, it is aborted, %s',
    async (_, within) => {
      const slow = watched()
      await within(async () => {
        const shared = step('shared', slow.fn)
        const door = gate()
        const group = parallel([
          async () => {
            await shared
          },
          async () => {
            await step('bad', async () => {
              await door.pass()
              throw new Error('bad')
            })
          },
        ]).catch((error: unknown) => error)
        await Promise.all([slow.running, door.reached])
        door.open()
        await group
        expect(slow.signal().aborted).toBe(true)
      })
    },
  )

  test.each(cases)(
    'M2: a branch that returns a step without awaiting it is given up with its step, %s',
    async (_, within) => {
      const slow = watched()
      await within(async () => {
        const door = gate()
        const group = parallel([
          () => step('slow', slow.fn),
          () => step('bad', () => door.pass().then(() => Promise.reject(new Error('bad')))),
        ])
        const outcome = group.catch((error: unknown) => error)
        await Promise.all([slow.running, door.reached])
        door.open()
        expect(await outcome).toMatchObject({ stepName: 'bad' })
        expect(slow.signal().aborted).toBe(true)
      })
    },
  )

  test.each(cases)(
    'M2: one that never began is not begun for a group that has ended, and can still be awaited, %s',
    async (_, within) => {
      let calls = 0
      await within(async () => {
        const queued = step('queued', () => ++calls)
        const mine = parallel([step('bad', () => Promise.reject(new Error('bad'))), queued], {
          concurrency: 1,
        })
        await expect(mine).rejects.toThrow('bad')
        await quiet()
        expect(calls).toBe(0)
        await expect(queued).rejects.toMatchObject({ code: 'CANCELLED', kind: 'sibling-failed' })
        expect(calls).toBe(0)
      })
    },
  )

  test.each(cases)(
    'M2: a graph of tasks that share their dependencies runs each once, %s',
    async (_, within) => {
      const ran: string[] = []
      const task =
        (name: string): (() => string) =>
        () => (ran.push(name), name)
      await within(async () => {
        const base = step('base', task('base'))
        const left = async (): Promise<string> => `${await base}+${await step('left', task('left'))}`
        const right = async (): Promise<string> => `${await base}+${await step('right', task('right'))}`
        expect(await parallel([left, right, base])).toEqual(['base+left', 'base+right', 'base'])
      })
      expect(ran).toEqual(['base', 'left', 'right'])
    },
  )
})
