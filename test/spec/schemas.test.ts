/** M13: inputs and outputs checked by any Standard Schema. */
import { InvalidInputError, type Schema, step, workflow } from 'ai-workflows'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PLACES, sandbox } from './support/sandbox.ts'

const user = {
  zod: z.object({ id: z.string(), age: z.number().min(0) }),
  valibot: v.object({ id: v.string(), age: v.pipe(v.number(), v.minValue(0)) }),
  arktype: type({ id: 'string', age: 'number >= 0' }),
} as const
type User = { id: string; age: number }
const schemas = Object.entries(user) as [string, Schema<User, User>][]

const converting: [string, Schema<{ amount: string }, { amount: number }>][] = [
  ['zod', z.object({ amount: z.string().transform(Number) })],
  ['valibot', v.object({ amount: v.pipe(v.string(), v.transform(Number)) })],
  ['arktype', type({ amount: 'string.numeric.parse' })],
]

describe.each(PLACES)('M13 on %s', (place) => {
  test.each(schemas)('M13: %s: a good input goes through', async (_, input) => {
    const box = await sandbox(place)
    const checked = workflow({ name: 'checked', input, execute: (ctx, { id, age }) => [id, age, ctx.input] })
    expect(await checked.run({ id: 'a', age: 3 }, { engine: box.engine })).toEqual([
      'a',
      3,
      { id: 'a', age: 3 },
    ])
  })

  test.each(schemas)(
    'M13: %s: a bad input is refused before the run exists, saying where it is bad',
    async (_, input) => {
      const box = await sandbox(place)
      const checked = workflow({
        name: 'checked',
        input,
        execute: () => expect.unreachable('it must not run'),
      })
      const refused: unknown = await checked
        .run({ id: 'a', age: -1 }, { engine: box.engine, id: 'x' })
        .catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(InvalidInputError)
      expect(refused).toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: 'age' }],
        message: expect.stringMatching(/^The input.*age: /) as string,
      })
      await expect(checked.start({} as never, { engine: box.engine })).rejects.toMatchObject({
        issues: [{}, {}],
      })
      expect(await box.engine.list()).toEqual([])
      await expect(checked.get('x', { engine: box.engine }).status()).rejects.toMatchObject({
        code: 'RUN_NOT_FOUND',
      })
    },
  )

  test.each(converting)(
    'M13: %s that converts: execute gets what comes out, once, also after a restart',
    async (_, input) => {
      const box = await sandbox(place)
      const checked = workflow({
        name: 'checked',
        input,
        execute: async (_ctx, { amount }) => await step('add', () => amount + 1),
      })
      const options = { id: 'x' }
      expect(await checked.run({ amount: '41' }, { ...options, engine: box.engine })).toBe(42)
      await box.restart()
      expect(await checked.run({ amount: '41' }, { ...options, engine: box.engine })).toBe(42)
      await expect(checked.start({ amount: '40' }, { ...options, engine: box.engine })).rejects.toMatchObject(
        { code: 'RUN_CONFLICT' },
      )
    },
  )

  test.each(converting)(
    'M13: %s: the input of a child is checked as well, with its path',
    async (_, input) => {
      const box = await sandbox(place)
      const child = workflow({ name: 'child', input, execute: (_ctx, { amount }) => amount })
      const host = workflow({
        name: 'host',
        execute: async (ctx) => [
          await ctx.invoke(child, { amount: '5' }),
          await ctx.invoke(child, { amount: 5 as never }).catch((error: unknown) => error),
        ],
      })
      expect(await host.run(undefined, { engine: box.engine, id: 'h' })).toEqual([
        5,
        expect.objectContaining({
          code: 'CHILD_FAILED',
          cause: expect.objectContaining({ code: 'INVALID_INPUT' }) as unknown,
        }),
      ])
      expect(await box.engine.list({ parent: 'h' })).toHaveLength(1)
    },
  )

  test.each(schemas)('M13: %s: a bad output fails the run, and says so', async (_, output) => {
    const box = await sandbox(place)
    const checked = workflow({ name: 'checked', output, execute: (): User => ({ id: 'a', age: -1 }) })
    const run = await checked.start(undefined, { engine: box.engine })
    await expect(run.result()).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^The output.*age/) as string,
    })
    expect(await run.status()).toBe('failed')
    const good = workflow({ name: 'good', output, execute: (): User => ({ id: 'a', age: 1 }) })
    expect(await good.run(undefined, { engine: box.engine })).toEqual({ id: 'a', age: 1 })
  })

  test('M13: asynchronous refinements are awaited', async () => {
    const box = await sandbox(place)
    const known = z.string().refine(async (id) => await Promise.resolve(id === 'known'), 'unknown id')
    const checked = workflow({ name: 'checked', input: known, output: known, execute: (_ctx, id) => id })
    expect(await checked.run('known', { engine: box.engine })).toBe('known')
    await expect(checked.run('other', { engine: box.engine })).rejects.toMatchObject({
      issues: [{ message: 'unknown id', path: '' }],
    })
  })

  test('M13: a schema that throws, or is none', async () => {
    const box = await sandbox(place)
    const broken = z.string().refine(() => {
      throw new RangeError('the schema is broken')
    })
    const checked = workflow({ name: 'checked', input: broken, execute: () => 1 })
    await expect(checked.run('x', { engine: box.engine })).rejects.toThrow('the schema is broken')
    expect(await box.engine.list()).toEqual([])
    for (const bad of [{}, () => 1, 'string', null, z.string]) {
      expect(() => workflow({ input: bad as never, execute: () => 1 })).toThrow(
        /"input": expected a Standard Schema/,
      )
      expect(() => workflow({ output: bad as never, execute: () => 1 })).toThrow(
        /"output": expected a Standard Schema/,
      )
    }
  })
})
