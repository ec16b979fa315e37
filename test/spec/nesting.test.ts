/** M10 and M11: groups in groups, and groups of nothing. */
import { any, type Operation, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { gates, Meter, quiet } from './support/gate.ts'
import { PLACES, sandbox, started } from './support/sandbox.ts'

const DEPTH = 10_000

/** Groups within groups, each begun before the next is put around it. @returns how deep the result is */
async function depth(innermost: Operation<unknown>): Promise<number> {
  let whole = innermost
  for (let level = 0; level < DEPTH; level++) {
    whole = parallel([whole])
    void whole.then(undefined, () => undefined)
  }
  let [value, reached]: [unknown, number] = [await whole, 0]
  for (; Array.isArray(value); value = value[0]) reached++
  return reached
}

describe('M7 outside of a workflow: nesting', () => {
  test('M10: a step within ten thousand groups settles them all', async () => {
    expect(await depth(step('innermost', () => 'done'))).toBe(DEPTH)
  })

  test('M10: and its failure fails them all', async () => {
    const failing = step('innermost', () => Promise.reject(new Error('no')))
    await expect(depth(failing)).rejects.toMatchObject({ name: 'StepError', cause: { message: 'no' } })
  })
})

describe.each(PLACES)('M10 on %s: nesting', (place) => {
  test('M10: a step within ten thousand groups settles them all', async () => {
    const box = await sandbox(place)
    const deep = workflow({ name: 'deep', execute: () => depth(step('innermost', () => 'done')) })
    expect(await deep.run(undefined, { engine: box.engine })).toBe(DEPTH)
  })

  test('M10: groups in groups to any depth, in their own shapes', async () => {
    const box = await sandbox(place)
    const leaf = (name: string): ReturnType<typeof step<string>> => step(name, () => name)
    const nested = workflow({
      name: 'nested',
      execute: async (ctx) => {
        const child = workflow({
          name: 'child',
          execute: async () => await parallel([leaf('c1'), leaf('c2')]),
        })
        return await parallel({
          list: parallel([leaf('a'), parallel({ deep: parallel([leaf('b')]) })]),
          first: race([any([leaf('c'), leaf('d')]), leaf('e')]),
          branch: async () => [await leaf('f'), await parallel([async () => await leaf('g')])],
          child: ctx.invoke(child, null),
          settled: parallel([leaf('h'), () => Promise.reject(new Error('no'))], { settle: true }),
        })
      },
    })
    const output = await nested.run(undefined, { engine: box.engine })
    expect(output).toMatchObject({
      list: ['a', { deep: ['b'] }],
      branch: ['f', ['g']],
      child: ['c1', 'c2'],
      settled: [{ status: 'fulfilled', value: 'h' }, { status: 'rejected' }],
    })
    expect(['c', 'd', 'e']).toContain(output.first)
  })

  test('M10: a limit counts the branches of its own group', async () => {
    const box = await sandbox(place)
    const [outer, inner] = [new Meter(), new Meter()]
    const limited = workflow({
      name: 'limited',
      execute: async () =>
        await parallel(
          Array.from({ length: 6 }, (_, i) => async () => {
            await outer.during(`${i}`, async () => {
              await parallel(
                Array.from({ length: 9 }, (_, j) =>
                  step(`${i}-${j}`, () => inner.during(`${i}-${j}`, () => quiet(2))),
                ),
                { concurrency: 3 },
              )
            })
          }),
          { concurrency: 2 },
        ),
    })
    await limited.run(undefined, { engine: box.engine })
    expect(outer.most).toBe(2)
    expect(inner.most).toBe(6)
    expect(inner.started).toHaveLength(54)
  })

  test('M10: an inner group holds one place of the outer, also while all of its branches run', async () => {
    const box = await sandbox(place)
    const door = gates()
    const meter = new Meter()
    const work = (name: string): ReturnType<typeof step<void>> =>
      step(name, () => meter.during(name, () => door(name).pass()))
    const limited = workflow({
      name: 'limited',
      execute: async () =>
        await parallel([parallel([work('a'), work('b'), work('c')]), work('d')], { concurrency: 1 }),
    })
    const run = await limited.start(undefined, { engine: box.engine })
    await Promise.all(['a', 'b', 'c'].map((name) => door(name).reached))
    expect(meter.started).toEqual(['a', 'b', 'c'])
    for (const name of ['a', 'b', 'c', 'd']) door(name).open()
    await run.result()
    expect(meter.started).toEqual(['a', 'b', 'c', 'd'])
  })

  test('M10: a failure deep inside cancels everything around it, to the group that catches it', async () => {
    const box = await sandbox(place)
    const door = gates()
    const nested = workflow({
      name: 'nested',
      execute: async () => {
        const inner = parallel([
          parallel([
            step('waits', () => door('waits').pass()),
            () => parallel([step('fails', () => door('fails').pass())]),
          ]),
        ])
        const caught = inner.then(null, (error: { stepName: string }) => error.stepName)
        return await parallel({ caught: async () => await caught, other: step('other', () => 'other') })
      },
    })
    const run = await nested.start(undefined, { engine: box.engine })
    await Promise.all([door('waits').reached, door('fails').reached])
    door('fails').fail(new Error('deep'))
    expect(await run.result()).toEqual({ caught: 'fails', other: 'other' })
  })

  test('M10: a group may be shared by two others', async () => {
    const box = await sandbox(place)
    const shared = workflow({
      name: 'shared',
      execute: async () => {
        const base = parallel([step('a', () => 1), step('b', () => 2)])
        return await parallel([base, parallel([base]), async () => (await base).length])
      },
    })
    expect(await shared.run(undefined, { engine: box.engine })).toEqual([[1, 2], [[1, 2]], 2])
    expect(started(box.events)).toEqual(['a', 'b'])
  })

  test('M10: a thousand levels', async () => {
    const box = await sandbox(place)
    const deep = workflow({
      name: 'deep',
      execute: async () => {
        let group: PromiseLike<unknown> & ReturnType<typeof parallel> = parallel([step('leaf', () => 'leaf')])
        for (let level = 0; level < 1000; level++) group = parallel([group])
        let result = await group
        let levels = 0
        while (Array.isArray(result)) [result, levels] = [result[0] as unknown[], levels + 1]
        return [levels, result]
      },
    })
    expect(await deep.run(undefined, { engine: box.engine })).toEqual([1001, 'leaf'])
  })
})

describe('M11: nothing at all', () => {
  const inside = async (body: () => Promise<unknown>): Promise<unknown> => {
    const box = await sandbox()
    return await workflow({ name: 'empty', execute: body }).run(undefined, { engine: box.engine })
  }
  const outside = async (body: () => Promise<unknown>): Promise<unknown> => await body()

  test.each([
    ['in a run', inside],
    ['outside', outside],
  ])('M11: parallel of an empty array, or record, is one, %s', async (_, within) => {
    expect(await within(async () => await parallel([]))).toEqual([])
    expect(await within(async () => await parallel({}))).toEqual({})
    expect(
      await within(
        async () =>
          await parallel([], { settle: true, concurrency: 3, timeout: '1s', timeoutValue: 'partial' }),
      ),
    ).toEqual([])
    expect(await within(async () => await parallel({}, { settle: true }))).toEqual({})
  })

  test.each([
    ['in a run', inside],
    ['outside', outside],
  ])('M11: any of nothing rejects with an AggregateError, %s', async (_, within) => {
    for (const branches of [[], {}]) {
      const error: unknown = await within(async () => await any(branches)).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(AggregateError)
      expect((error as AggregateError).errors).toEqual([])
    }
  })

  test.each([
    ['in a run', inside],
    ['outside', outside],
  ])('M11: race of nothing throws a TypeError, at the call, %s', async (_, within) => {
    for (const branches of [[], {}]) {
      expect(() => race(branches)).toThrow(TypeError)
      await expect(within(async () => await race(branches, { timeout: 1 }))).rejects.toThrow(
        /at least one branch.*never end/,
      )
    }
  })
})
