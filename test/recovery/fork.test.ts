/** `fork()`: another run, which begins with what an earlier one has recorded. */
import { parallel, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { gate } from '../spec/support/gate.ts'
import { PLACES, sandbox } from '../spec/support/sandbox.ts'
import { Calls, sequence } from './support.ts'

describe.each(PLACES)('fork over %s', (where) => {
  test('from a step: what was recorded before is not executed again, and the old run stays as it was', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const run = await sequence(calls, 'a', 'b', 'c').start(null, { id: 'old', engine })
    await run.result()
    const before = await engine.inspect('old')
    calls.take()
    const fork = await run.fork({ fromStep: 'b', id: 'new' })
    expect(fork.id).toBe('new')
    expect(await fork.result()).toEqual(['a 1', 'b 1', 'c 1'])
    expect(calls.take()).toEqual(['b', 'c'])
    expect(await engine.inspect('old')).toEqual(before)
    expect(await engine.lookUp('new')).toMatchObject({ forkedFrom: 'old', workflow: 'sequence' })
  })

  test('without a step: of a failed run everything that succeeded, and the rest is executed', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    calls.broken.add('c')
    const flow = sequence(calls, 'a', 'b', 'c', 'd')
    const run = await flow.start(null, { id: 'old', engine: box.engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    calls.broken.clear()
    calls.take()
    const fork = await flow.get('old', { engine: await box.restart() }).fork()
    expect(fork.id).not.toBe('old')
    await fork.result()
    expect(calls.take()).toEqual(['c', 'd'])
  })

  test('with another input, which the schema checks', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const flow = workflow({
      name: 'w',
      input: z.object({ query: z.string(), top: z.number().default(3) }),
      execute: async (_ctx, { query, top }) => {
        const found = await step('find', () => calls.call('find'))
        return await step('rank', () => `${calls.call('rank')} of ${found} for ${query}, ${top}`)
      },
    })
    const run = await flow.start({ query: 'tea' }, { id: 'old', engine })
    await run.result()
    const runs = (await engine.list()).length
    await expect(run.fork({ fromStep: 'rank', input: { query: 7 } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    expect(await engine.list()).toHaveLength(runs)
    const fork = await run.fork({ fromStep: 'rank', input: { query: 'cup' } })
    expect(await fork.result()).toBe('rank 2 of find 1 for cup, 3')
    expect(await run.result()).toBe('rank 1 of find 1 for tea, 3')
  })

  test('of a run under way: it gets what is recorded so far, and both go on', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const held = gate<string>()
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => [
        await calls.step('a'),
        await step('b', () => (ctx.id === 'old' ? held.pass() : calls.call('b'))),
      ],
    })
    const run = await flow.start(null, { id: 'old', engine })
    await held.reached
    const fork = await run.fork()
    expect(await fork.result()).toEqual(['a 1', 'b 1'])
    held.open('b of the old one')
    expect(await run.result()).toEqual(['a 1', 'b of the old one'])
  })

  test('D6: it draws the same random numbers and ids', async () => {
    const { engine } = await sandbox(where)
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => [ctx.random(), ctx.uuid(), await step('s', () => 1), ctx.uuid()],
    })
    const run = await flow.start(null, { engine })
    const first = await run.result()
    expect(await (await run.fork({ fromStep: 's' })).result()).toEqual(first)
  })

  test('children before the step are not executed again; those after it are the fork’s own', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const child = workflow({ name: 'child', execute: () => calls.step('inner') })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => [
        await ctx.invoke(child, null),
        await calls.step('s'),
        await ctx.invoke(child, null),
      ],
    })
    const run = await flow.start(null, { id: 'old', engine })
    await run.result()
    const fork = await run.fork({ fromStep: 's', id: 'new' })
    expect(await fork.result()).toEqual(['inner 1', 's 2', 'inner 3'])
    expect((await engine.list({ parent: 'new' })).map(({ id }) => id)).toEqual(['new/child#2'])
    expect((await engine.list({ parent: 'old' })).map(({ id }) => id)).toEqual(['old/child#2', 'old/child'])
  })

  test('from a step that does not exist, or with an id that is taken: a clear error, and no run', async () => {
    const { engine } = await sandbox(where)
    const run = await sequence(new Calls(), 'charge', 'ship').start(null, { id: 'old', engine })
    await run.result()
    await expect(run.fork({ fromStep: 'charg', id: 'new' })).rejects.toMatchObject({
      code: 'STEP_NOT_FOUND',
      message: 'Run "old" has recorded no operation "charg"; did you mean "charge"?',
    })
    await expect(run.fork({ id: 'old' })).rejects.toMatchObject({ code: 'RUN_CONFLICT', runId: 'old' })
    await expect(engine.find('nobody').fork()).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
    await expect(run.fork({ from: 'charge' } as object)).rejects.toThrow(TypeError)
    await expect(run.fork({ input: () => 1 })).rejects.toMatchObject({ code: 'SERIALIZATION' })
    await expect(engine.find('old').fork({ input: 1 })).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
    expect((await engine.list()).map(({ id }) => id)).toEqual(['old'])
  })

  test('a fork can be retried, retried from a step, and forked like any run', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    calls.broken.add('c')
    const run = await sequence(calls, 'a', 'b', 'c').start(null, { id: '1', engine })
    await run.result().catch(() => undefined)
    const second = await run.fork({ id: '2' })
    await expect(second.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    calls.broken.clear()
    calls.take()
    await second.retry()
    await second.result()
    expect(calls.take()).toEqual(['c'])
    await second.retry({ fromStep: 'b' })
    await second.result()
    expect(calls.take()).toEqual(['b', 'c'])
    const third = await second.fork({ fromStep: 'c' })
    await third.result()
    expect(calls.take()).toEqual(['c'])
  })

  test('of a run whose code is not at hand: it is created, and executed by whoever has the code', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    const flow = sequence(calls, 'a', 'b')
    await flow.run(null, { id: 'old', engine: box.engine })
    await box.engine.find('old').fork({ fromStep: 'b', id: 'new' })
    expect(await box.engine.find('new').status()).toBe('pending')
    const engine = await box.restart()
    await engine.resume([flow])
    expect(await engine.find('new').result()).toEqual(['a 1', 'b 2'])
  })
})

test('a fork of 10,000 recorded steps executes none of them', async () => {
  const { engine } = await sandbox('sqlite')
  const calls = new Calls()
  const flow = workflow({
    name: 'w',
    execute: async () => {
      await parallel(Array.from({ length: 10_000 }, (_, n) => calls.step(`item-${n}`)))
      return await calls.step('last')
    },
  })
  const run = await flow.start(null, { engine })
  await run.result()
  calls.take()
  await (await run.fork({ fromStep: 'last' })).result()
  expect(calls.take()).toEqual(['last'])
})
