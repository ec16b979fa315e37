/** D1 to D7, each by one scene. (Their proof is in test/property.) */
import { createEngine, memoryStore, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aborted, gate, gates, quiet } from './support/gate.ts'
import { LogBook, PLACES, sandbox, started } from './support/sandbox.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe.each(PLACES)('on %s', (place) => {
  test('D1: the journal is an ordered list of completions; groups are not among them', async () => {
    const box = await sandbox(place)
    const door = gates()
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        await parallel([step('a', () => door('a').pass()), step('b', () => door('b').pass())])
        await parallel([parallel([step('c', () => 1)]), race([ctx.sleep(0)])])
        await step('d', () => Promise.reject(new Error('d'))).catch(() => undefined)
        await ctx.waitForEvent('e')
        await ctx.invoke(workflow({ name: 'child', execute: () => 1 }), null)
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    await Promise.all([door('a').reached, door('b').reached])
    door('b').open()
    door('a').open()
    await run.signal('e')
    await run.result()
    const { journal } = await box.engine.inspect('x')
    expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1))
    const keys = journal.map(({ completion }) => `${completion.kind} ${completion.key}`)
    // A step and a timer that run together may end in either order.
    expect(keys.slice(2, 4).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'step-done c',
      'timer-fired sleep',
    ])
    expect([...keys.slice(0, 2), ...keys.slice(4)]).toEqual([
      'step-done b',
      'step-done a',
      'step-failed d',
      'event-received event:e',
      'child-done child',
    ])
  })

  test('D2: completions are delivered one at a time, and all microtasks run in between, live and on replay alike', async () => {
    const box = await sandbox(place)
    const last = gates()
    const traces: string[][] = []
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        const trace: string[] = []
        traces.push(trace)
        const door = last(`${traces.length}`)
        const follow = async (name: string): Promise<void> => {
          await step(name, () => name)
          trace.push(`${name} done`)
          for (let tick = 0; tick < 50; tick++) await Promise.resolve()
          trace.push(`${name} after 50 microtasks`)
        }
        // All of them end in the same turn, so they are committed together.
        await Promise.all(['a', 'b', 'c'].map(follow))
        await step('last', () => door.pass())
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await last('1').reached
    await box.restart()
    last('2').open()
    await flow.run(undefined, { engine: box.engine, id: 'x' })
    expect(traces[0]).toEqual(
      ['a', 'b', 'c'].flatMap((name) => [`${name} done`, `${name} after 50 microtasks`]),
    )
    expect(traces[1]).toEqual(traces[0])
  })

  test('D4: a sibling that was cancelled before the crash is not started again by the replay that is about to cancel it', async () => {
    const box = await sandbox(place)
    const last = gates()
    const running = gate()
    let life = 0
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        const door = last(`${++life}`)
        await race([step('loser', () => (running.open(), never())), step('winner', () => running.promise)])
        await parallel([
          step('fails', () => Promise.reject(new Error('no'))),
          step('sibling', never),
          async () => await step('in a function', never),
        ]).catch(() => undefined)
        await parallel([step('late', never)], { timeout: 5 }).catch(() => undefined)
        await step('last', () => door.pass())
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await last('1').reached
    const before = started(box.events)
    await box.restart()
    last('2').open()
    await flow.run(undefined, { engine: box.engine, id: 'x' })
    expect(before.toSorted((a, b) => a.localeCompare(b))).toEqual(
      ['fails', 'last', 'late', 'loser', 'parallel/2/in a function', 'sibling', 'winner'].toSorted((a, b) =>
        a.localeCompare(b),
      ),
    )
    expect(started(box.events).slice(before.length)).toEqual(['last'])
  })

  test('D4: an operation that was under way at the crash, and is still wanted, starts when the replay has caught up', async () => {
    const box = await sandbox(place)
    const door = gates()
    let life = 0
    const order: string[] = []
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        life++
        const name = `life ${life}`
        const pending = step('pending', () => (order.push(`pending in ${name}`), door(name).pass()))
        const mine = pending.then(() => 'done')
        for (let i = 0; i < 5; i++) await step(`${i}`, () => void order.push(`${i} in ${name}`))
        door(`${name} caught up`).open()
        return await mine
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await door('life 1').reached
    await door('life 1 caught up').promise
    await quiet()
    await box.restart()
    door('life 2').open()
    expect(await flow.run(undefined, { engine: box.engine, id: 'x' })).toBe('done')
    expect(order.slice(-1)).toEqual(['pending in life 2'])
    expect(order).toHaveLength(7)
  })

  test('D5: code that changed is parked, naming the recorded key and what waits; the corrected code goes on', async () => {
    const box = await sandbox(place, { patience: 0 })
    let name = 'charge'
    const door = gates()
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        const charged = await step(name, () => `${name} is done`)
        await step('last', () => door(name).pass())
        return charged
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await door('charge').reached
    name = 'bill'
    await box.restart()
    const parked = flow.run(undefined, { engine: box.engine, id: 'x' })
    await expect(parked).rejects.toMatchObject({
      code: 'RUN_BLOCKED',
      cause: {
        code: 'NON_DETERMINISM',
        recordedKey: 'charge',
        waitingKeys: ['bill'],
        message: expect.stringMatching(/"charge".*"bill"/) as string,
      },
    })
    const handle = flow.get('x', { engine: box.engine })
    expect(await handle.status()).toBe('blocked')
    expect(started(box.events)).toEqual(['charge', 'last'])
    name = 'charge'
    await handle.retry()
    door('charge').open()
    expect(await handle.result()).toBe('charge is done')
    expect(started(box.events)).toEqual(['charge', 'last', 'last'])
  })

  test('D5: new operations after everything recorded are simply new', async () => {
    const box = await sandbox(place)
    let more = false
    const door = gates()
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        await step('old', () => 1)
        if (more) await parallel([step('new', () => 1), async () => await step('newer', () => 1)])
        await step('last', () => door(String(more)).pass())
        return more
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await door('false').reached
    more = true
    door('true').open()
    await box.restart()
    expect(await flow.run(undefined, { engine: box.engine, id: 'x' })).toBe(true)
    expect(started(box.events)).toEqual(['old', 'last', 'new', 'parallel/1/newer', 'last'])
  })

  test('D7: a live value equals its replayed value, and is not the object that the step returned', async () => {
    const box = await sandbox(place)
    const returned = {
      date: new Date(0),
      map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1n])]]),
      nothing: undefined,
      numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY],
      pattern: /a+/giu,
      url: new URL('https://example.org/a?b=c#d'),
      bytes: new Uint8Array([1, 2, 3]),
      floats: new Float64Array([0.5]),
      error: new RangeError('an error', { cause: 'why' }),
      hole: [1, undefined, null],
      self: undefined as unknown,
    }
    returned.self = returned
    const seen: unknown[] = []
    const last = gates()
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        const value = await step('value', () => returned)
        seen.push(value)
        const door = last(`${seen.length}`)
        await step('last', () => door.pass())
        return Object.is(value.numbers[1], -0)
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await last('1').reached
    returned.numbers.push(4)
    await box.restart()
    last('2').open()
    expect(await flow.run(undefined, { engine: box.engine, id: 'x' })).toBe(true)
    expect(seen[0]).not.toBe(returned)
    expect(seen[1]).toEqual(seen[0])
    returned.numbers.pop()
    expect(seen[0]).toEqual(returned)
    expect((seen[1] as typeof returned).self).toBe(seen[1])
  })
})

test('D3: a completion is delivered only after it is durably committed', async () => {
  const store = memoryStore()
  const [asked, commit] = [gate(), gate()]
  const log = new LogBook()
  let held = 0
  const engine = createEngine({
    log,
    store: {
      ...store,
      commit: async (writes) => {
        if (writes.some((write) => write.kind === 'completion' && write.entry.completion.key === 'a')) {
          held++
          asked.open()
          await commit.promise
        }
        return await store.commit(writes)
      },
    },
  })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const seen: string[] = []
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      await step('a', () => void seen.push('the function has returned'))
      seen.push('execute goes on')
    },
  })
  const run = await flow.start(undefined, { engine, id: 'x' })
  await asked.promise
  await quiet()
  expect(seen).toEqual(['the function has returned'])
  commit.open()
  await run.result()
  expect(seen).toEqual(['the function has returned', 'execute goes on'])
  expect(held).toBe(1)
})

test('D6: two engines with the same sources of time and chance give the same run', async () => {
  const once = async (): Promise<unknown> => {
    let id = 0
    const engine = createEngine({
      store: memoryStore(),
      log: new LogBook(),
      random: { uuid: () => `00000000-0000-4000-8000-${String(++id).padStart(12, '0')}` },
      clock: {
        now: () => 1_000_000,
        steady: () => 0,
        schedule: () => () => undefined,
        after: () => () => undefined,
        every: () => () => undefined,
      },
    })
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => [
        ctx.id,
        ctx.now(),
        ctx.random(),
        ctx.uuid(),
        await step('a', ({ idempotencyKey }) => idempotencyKey),
        ctx.random(),
      ],
    })
    const output = await flow.run(undefined, { engine })
    await engine.stop({ grace: 0 })
    return output
  }
  expect(await once()).toEqual(await once())
})

test('R3: what a cancelled or timed-out attempt returns is refused', async () => {
  const box = await sandbox('sqlite')
  const [late, ended] = [gate<string>(), gate()]
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      const first = await race([
        step('loser', async ({ signal }) => {
          await aborted(signal)
          const value = await late.pass()
          ended.open()
          return value
        }),
        step('winner', () => 'winner'),
      ])
      await late.reached
      late.open('too late')
      await ended.promise
      await step('after', () => quiet())
      return first
    },
  })
  expect(await flow.run(undefined, { engine: box.engine, id: 'x' })).toBe('winner')
  const { journal } = await box.engine.inspect('x')
  expect(journal.map(({ completion }) => completion.key)).toEqual(['winner', 'after'])
})
