/** M3: names are the identity of operations on replay. */
import { any, type Context, createEngine, memoryStore, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { PLACES, sandbox, type Sandbox, started } from './support/sandbox.ts'

/** Keys of the steps that the body runs, in the order in which they began. */
async function keysOf(body: (ctx: Context) => Promise<unknown>, box?: Sandbox): Promise<string[]> {
  const here = box ?? (await sandbox())
  await workflow({ name: 'names', execute: body }).run(undefined, { engine: here.engine })
  return started(here.events)
}

const noop = (): undefined => undefined

describe('M3: the key of an operation is its scope and its name', () => {
  test('M3: a name used again becomes name#2, name#3, in creation order and not in starting order', async () => {
    const keys = await keysOf(async () => {
      const [first, second, third] = [step('a', noop), step('a', noop), step('a', noop)]
      await third
      await first
      await second
    })
    expect(keys).toEqual(['a#3', 'a', 'a#2'])
  })

  test('M3: each function branch counts names for itself, and groups are named by option, else by kind', async () => {
    const branch = async (): Promise<void> => {
      await step('a', noop)
      await step('a', noop)
    }
    const keys = await keysOf(async () => {
      await parallel([branch, branch])
      await parallel({ left: branch }, { name: 'enrich' })
      await race([branch])
      await any([branch])
      await parallel([branch])
    })
    const groups = ['parallel/0', 'parallel/1', 'enrich/left', 'race/0', 'any/0', 'parallel#2/0']
    expect(keys.toSorted()).toEqual(groups.flatMap((scope) => [`${scope}/a`, `${scope}/a#2`]).toSorted())
  })

  test('M3: functions inside functions nest their scopes; operations belong to the scope that creates them', async () => {
    const keys = await keysOf(async () => {
      const made = step('made outside', noop)
      await parallel({
        outer: async () => await parallel({ inner: async () => await Promise.all([made, step('in', noop)]) }),
      })
    })
    expect(keys).toEqual(['made outside', 'parallel/outer/parallel/inner/in'])
  })

  test('M3: names are counted when there are very many, too', async () => {
    const names = Array.from({ length: 17_000 }, (_, n) => `step-${n}`)
    const keys = await keysOf(async () => {
      for (const name of names) void step(name, noop)
      await parallel([names[1], names[16_999]].map((name = '') => step(name, noop)))
    })
    expect(keys).toEqual(['step-1#2', 'step-16999#2'])
  })

  test('M3: a name means the same through the context and through the import', async () => {
    const keys = await keysOf(async (ctx) => {
      await ctx.step('a', noop)
      await step('a', noop)
      await ctx.parallel([async () => await ctx.step('b', noop)])
    })
    expect(keys).toEqual(['a', 'a#2', 'parallel/0/b'])
  })

  test('M3: code that has lost its place creates operations at the root, through the context', async () => {
    const foreign: (() => void)[] = []
    const keys = await keysOf(async (ctx) => {
      // Called back from outside of everything, as a library does that queues for itself.
      const called = new Promise<void>((resolve, reject) => {
        foreign.push(() => void ctx.step('a', noop).then(resolve, reject))
      })
      queueMicrotask(noop)
      setImmediateOutside(() => foreign[0]?.())
      await called
    })
    expect(keys).toEqual(['a'])
  })
})

/** Runs a callback in an async context that was made before any workflow. */
const waiting: (() => void)[] = []
const ticker = setInterval(() => waiting.splice(0).forEach((callback) => callback()), 1)
ticker.unref()
function setImmediateOutside(callback: () => void): void {
  waiting.push(callback)
}

const HOSTILE = [
  'a/b',
  '/',
  '..',
  'a#2',
  'a#',
  '#2',
  'a!timeout',
  '!cancel',
  '%',
  '%2f',
  '%25',
  'a%2fb',
  'parallel/0/a',
  'say "hi"',
  "it's",
  'a\\b',
  'a\nb',
  'a\r\nb',
  'a\u0000b',
  '\u007f',
  ' ',
  'a b ',
  '🚀 launch 👩‍👩‍👧',
  'é',
  'e\u0301',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  "'; DROP TABLE runs; --",
  '${name}',
  'undefined',
  '0',
  '-1',
  'x'.repeat(300),
  'x'.repeat(512),
  '漢'.repeat(512),
]

describe.each(PLACES)('M3 on %s: hostile names', (place) => {
  const everything = workflow({
    name: 'hostile',
    execute: async () => {
      const byName: Record<string, string> = Object.create(null) as Record<string, string>
      for (const name of HOSTILE) byName[name] = await step(name, () => `of ${name}`)
      // The second time around each is counted.
      const again = await parallel(HOSTILE.map((name) => step(name, () => `again ${name}`)))
      return [Object.entries(byName), again]
    },
  })

  test('M3: each is a name like any other, none collides with another, and all are found again after a restart', async () => {
    const box = await sandbox(place)
    const output = await everything.run(undefined, { engine: box.engine, id: 'hostile' })
    const byName = Object.fromEntries(output[0] as [string, string][])
    for (const name of HOSTILE) expect(byName[name]).toBe(`of ${name}`)
    expect(output[1]).toEqual(HOSTILE.map((name) => `again ${name}`))
    const keys = started(box.events)
    expect(new Set(keys).size).toBe(2 * HOSTILE.length)
    const { journal } = await box.engine.inspect('hostile')
    expect(new Set(journal.map(({ completion }) => completion.key)).size).toBe(2 * HOSTILE.length)
    await box.restart()
    expect(await everything.run(undefined, { engine: box.engine, id: 'hostile' })).toEqual(output)
    expect(started(box.events)).toHaveLength(keys.length)
  })

  test('M3: replay gives each its own result', async () => {
    const box = await sandbox(place)
    let fails = true
    const resumed = workflow({
      name: 'resumed',
      execute: async () => {
        const results = await parallel(HOSTILE.map((name) => step(name, () => `of ${name}`)))
        await step('last', () => {
          if (fails) throw new Error('not yet')
        })
        return results
      },
    })
    const run = await resumed.start(undefined, { engine: box.engine, id: 'r' })
    await expect(run.result()).rejects.toThrow('not yet')
    fails = false
    await box.restart()
    const later = resumed.get('r', { engine: box.engine })
    await later.retry()
    expect(await later.result()).toEqual(HOSTILE.map((name) => `of ${name}`))
    expect(started(box.events).filter((key) => key !== 'last')).toHaveLength(HOSTILE.length)
  })

  test('M3: hostile names for groups, branches, events, runs and workflows', async () => {
    const box = await sandbox(place)
    for (const name of HOSTILE) {
      const child = workflow({ name, execute: async () => await step(name, () => 'child') })
      const host = workflow({
        name,
        execute: async (ctx) => {
          const branches = Object.fromEntries([[name, async () => await step(name, () => 'step')]])
          const group = await parallel(branches, { name })
          const first = await race(branches, { name })
          return [Object.entries(group), first, await ctx.invoke(child, null), await ctx.waitForEvent(name)]
        },
      })
      const run = await host.start(null, { engine: box.engine, id: `run ${name}`.slice(0, 512) })
      await run.signal(name, { name })
      expect(await run.result()).toEqual([
        [[name, 'step']],
        { winner: name, value: 'step' },
        'child',
        { name },
      ])
    }
    const records = await box.engine.list({ parent: null }, { limit: 1000 })
    expect(new Set(records.map(({ workflow }) => workflow))).toEqual(new Set(HOSTILE))
  })
})

describe('M3: names that are refused at the call', () => {
  const lone = '\ud800'
  test.each([
    ['empty', '', /empty/],
    ['513 characters', 'x'.repeat(513), /512.*513/],
    ['half of a surrogate pair', `a${lone}`, /surrogate/],
    ['no string', 7, /expected (a string|the name of an event).*, got 7/],
    ['nothing', undefined, /expected (a string|the name of an event).*, got undefined/],
    ['null', null, /expected (a string|the name of an event).*, got null/],
  ])('M3: %s', async (_, bad, message) => {
    const name = bad as string
    expect(() => step(name, noop)).toThrow(TypeError)
    expect(() => step(name, noop)).toThrow(message)
    if (bad !== undefined) {
      expect(() => parallel([], { name })).toThrow(message)
      expect(() => race([noop], { name })).toThrow(message)
      expect(() => workflow({ name, execute: noop })).toThrow(message)
    }
    const engine = createEngine({ store: memoryStore() })
    const flow = workflow({ name: 'w', execute: async (ctx) => await ctx.waitForEvent(name) })
    await expect(flow.run(undefined, { engine })).rejects.toThrow(message)
    expect(() => engine.find(name)).toThrow(message)
    if (bad !== undefined) await expect(flow.start(undefined, { engine, id: name })).rejects.toThrow(message)
    await expect(flow.get('some', { engine }).signal(name)).rejects.toThrow(message)
    await engine.stop()
  })
})

describe('M3: a workflow without a name', () => {
  const nameless = workflow({ execute: async () => await step('one', () => 1) })

  test('M3: runs and is journaled', async () => {
    const box = await sandbox()
    expect(await nameless.run(undefined, { engine: box.engine, id: 'n' })).toBe(1)
    const { record, journal } = await box.engine.inspect('n')
    expect(record.workflow).toBeUndefined()
    expect(journal.map(({ completion }) => completion.key)).toEqual(['one'])
  })

  test('M3: the first use says, once, that it cannot be resumed by itself', async () => {
    const box = await sandbox()
    await nameless.run(undefined, { engine: box.engine })
    await nameless.run(undefined, { engine: box.engine })
    const told = box.log.lines.filter(({ message }) => /without a name/.test(message))
    expect(told).toHaveLength(1)
    expect(told[0]?.message).toMatch(/resum/)
  })

  test('M3: is resumed through a parent that invokes it', async () => {
    const box = await sandbox('sqlite')
    let door = Promise.withResolvers<string>()
    const parent = workflow({
      name: 'parent',
      execute: async (ctx) =>
        await ctx.invoke(workflow({ execute: async () => await step('wait', () => door.promise) }), null),
    })
    await parent.start(undefined, { engine: box.engine, id: 'p' })
    await new Promise<void>((resolve) =>
      box.engine.on('*', (event) => event.kind === 'step.started' && resolve()),
    )
    await box.restart()
    door = Promise.withResolvers()
    door.resolve('resumed')
    await box.engine.resume([parent])
    expect(await parent.get('p', { engine: box.engine }).result()).toBe('resumed')
  })
})
