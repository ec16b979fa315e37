/** D1, D3, D6 and R3, as the journal and the store show them. (The other rules of replay are cases of every engine, and their proof is in test/property.) */
import { createEngine, memoryStore, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aborted, gate, gates, quiet } from './support/gate.ts'
import { LogBook, PLACES, sandbox } from './support/sandbox.ts'

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
