/** M9 and M12: runs inside of runs, and the identity of a run. */
import { createEngine, memoryStore, parallel, RunConflictError, step, workflow } from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gate } from './support/gate.ts'
import { PLACES, sandbox, started } from './support/sandbox.ts'

describe.each(PLACES)('M9 on %s: ctx.invoke', (place) => {
  const double = workflow({
    name: 'double',
    execute: async (_ctx, n: number) => await step('double', () => n * 2),
  })

  test('M9: the child is a run of its own: own id, own journal, listed under its parent', async () => {
    const box = await sandbox(place)
    const host = workflow({
      name: 'host',
      execute: async (ctx) => [
        await ctx.invoke(double, 1),
        await ctx.invoke(double, 2),
        await ctx.invoke(double, 3, { id: 'mine' }),
        await parallel({ left: async () => await ctx.invoke(double, 4) }),
      ],
    })
    expect(await host.run(undefined, { engine: box.engine, id: 'h' })).toEqual([2, 4, 6, { left: 8 }])
    const children = await box.engine.list({ parent: 'h' })
    expect(
      children.map(({ id, workflow, status, parent }) => ({ id, workflow, status, parent })).toReversed(),
    ).toEqual(
      [
        ['h/double', 'double'],
        ['h/double#2', 'double#2'],
        ['mine', 'double#3'],
        ['h/parallel/left/double', 'parallel/left/double'],
      ].map(([id, key]) => ({ id, workflow: 'double', status: 'completed', parent: { id: 'h', key } })),
    )
    expect(await box.engine.list({ parent: null })).toHaveLength(1)
    const { journal } = await box.engine.inspect('h/double#2')
    expect(journal.map(({ completion }) => completion.key)).toEqual(['double'])
    expect(await double.get('mine', { engine: box.engine }).result()).toBe(6)
  })

  test('M9: it is started once, however often the parent replays', async () => {
    const box = await sandbox(place)
    const [inChild, inHost] = [gate(), gate()]
    let calls = 0
    const child = workflow({
      name: 'child',
      execute: async () => {
        await step('first', () => ++calls)
        return await step('second', () => inChild.pass())
      },
    })
    const host = workflow({
      name: 'host',
      execute: async (ctx) => {
        await ctx.invoke(child, null)
        await step('last', () => inHost.pass())
        return 'done'
      },
    })
    await host.start(undefined, { engine: box.engine, id: 'h' })
    await inChild.reached
    await box.restart()
    await host.start(undefined, { engine: box.engine, id: 'h' })
    inChild.open()
    await inHost.reached
    await box.restart()
    inHost.open()
    expect(await host.run(undefined, { engine: box.engine, id: 'h' })).toBe('done')
    expect(calls).toBe(1)
    expect(await box.engine.list({ workflow: 'child' })).toHaveLength(1)
    expect(started(box.events).filter((key) => key === 'second')).toHaveLength(2)
  })

  test('M9: input and output of a child are checked like those of any run', async () => {
    const box = await sandbox(place)
    const host = workflow({
      name: 'host',
      execute: async (ctx) => {
        try {
          await ctx.invoke(double, (() => 1) as unknown as number)
        } catch (error) {
          return (error as Error).message
        }
        return 'accepted'
      },
    })
    expect(await host.run(undefined, { engine: box.engine })).toMatch(/input.*function/)
    expect(() => workflow({ name: 'x', execute: (ctx) => ctx.invoke(7 as never, null) })).not.toThrow()
    await expect(
      workflow({ name: 'x', execute: async (ctx) => await ctx.invoke(7 as never, null) }).run(undefined, {
        engine: box.engine,
      }),
    ).rejects.toThrow(/expected a workflow, got 7/)
  })
})

describe.each(PLACES)('M12 on %s: an id that exists', (place) => {
  let calls = 0
  const count = workflow({
    name: 'count',
    execute: async (_ctx, input: unknown) => await step('count', () => [++calls, input]),
  })
  const other = workflow({ name: 'other', execute: () => 'other' })

  test('M12: else throws a RunConflictError that says in what they differ', async () => {
    const box = await sandbox(place)
    await count.run({ a: 1 }, { engine: box.engine, id: 'one' })
    const another = count.start({ a: 2 }, { engine: box.engine, id: 'one' })
    await expect(another).rejects.toThrow(RunConflictError)
    await expect(another).rejects.toMatchObject({
      code: 'RUN_CONFLICT',
      runId: 'one',
      message: expect.stringMatching(/another input/) as string,
    })
    await expect(other.start(null, { engine: box.engine, id: 'one' })).rejects.toMatchObject({
      code: 'RUN_CONFLICT',
      message: expect.stringMatching(/workflow "count"/) as string,
    })
    expect(await box.engine.list()).toHaveLength(1)
  })

  test('M12: a failed run is found again with its failure; an id with a bad type is refused', async () => {
    const box = await sandbox(place)
    const failing = workflow({
      name: 'failing',
      execute: () => {
        calls++
        throw new Error('for good')
      },
    })
    await expect(failing.run(undefined, { engine: box.engine, id: 'one' })).rejects.toThrow('for good')
    const before = calls
    await expect(failing.run(undefined, { engine: box.engine, id: 'one' })).rejects.toThrow('for good')
    expect(calls).toBe(before)
    await expect(failing.start(undefined, { engine: box.engine, id: 7 as never })).rejects.toThrow(
      /"id".*got 7/,
    )
  })
})

test('M12: two engines over one file, at once, give one run', async () => {
  const box = await sandbox('sqlite')
  const second = createEngine({ dir: box.dir ?? expect.unreachable(), log: box.log })
  onTestFinished(() => second.stop({ grace: 0 }))
  const door = gate()
  let calls = 0
  const slow = workflow({
    name: 'slow',
    execute: async () =>
      await step('once', async () => {
        calls++
        await door.pass()
        return 'done'
      }),
  })
  const runs = await Promise.all([box.engine, second].map((engine) => slow.start(1, { engine, id: 'x' })))
  await door.reached
  door.open()
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(['done', 'done'])
  expect(calls).toBe(1)
})

test('M12: memory stores share nothing', async () => {
  const [one, two] = [memoryStore(), memoryStore()]
  const boxes = [await sandbox('memory', { store: one }), await sandbox('memory', { store: two })]
  const flow = workflow({ name: 'flow', execute: (_ctx, input: number) => input })
  const outputs = await Promise.all(
    boxes.map((box, index) => flow.run(index, { engine: box.engine, id: 'same' })),
  )
  expect(outputs).toEqual([0, 1])
})
