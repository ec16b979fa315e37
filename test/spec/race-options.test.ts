/** The options of `race` and `any`, outside of a run and in one. */
import { any, race, step, type StepContext, TimeoutError, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, gates, quiet } from './support/gate.ts'
import { PLACES, sandbox } from './support/sandbox.ts'
import { WAYS } from './support/ways.ts'

const never = (): Promise<never> => new Promise(() => undefined)
const fails = (message: string) => (): Promise<never> => Promise.reject(new Error(message))
const kinds = [
  ['race', race],
  ['any', any],
] as const

describe.each(WAYS)('%s', (_, within) => {
  test.each(kinds)('%s aborts the losers, and says who won', async (_, group) => {
    const [running, both] = [gates(), gate()]
    const reasons: unknown[] = []
    const waits =
      (name: string) =>
      async ({ signal }: StepContext): Promise<string> => {
        running(name).open()
        reasons.push(await aborted(signal))
        if (reasons.length === 2) both.open()
        return name
      }
    const winner = await within(async () => {
      const won = await group([
        step('a', waits('a')),
        step('b', waits('b')),
        step('c', async () => {
          await Promise.all([running('a').promise, running('b').promise])
          return 'c'
        }),
      ])
      await both.promise
      return won
    })
    expect(winner).toBe('c')
    expect(reasons).toMatchObject([
      { code: 'CANCELLED', kind: 'race-lost', by: 'c' },
      { code: 'CANCELLED', kind: 'race-lost', by: 'c' },
    ])
  })

  test.each(kinds)('%s of a record gives { winner, value }', async (_, group) => {
    expect(await within(async () => await group({ slow: never, quick: step('q', () => 7) }))).toEqual({
      winner: 'quick',
      value: 7,
    })
  })

  test('race settles with the first failure; any waits for the first success', async () => {
    const branches = (): [typeof never, () => Promise<never>, ReturnType<typeof step<number>>] => [
      never,
      fails('early'),
      step('good', () => 1),
    ]
    await expect(within(async () => await race(branches()))).rejects.toThrow('early')
    expect(await within(async () => await any(branches()))).toBe(1)
  })

  test('any: all failing gives an AggregateError with the errors in input order', async () => {
    const door = gates()
    const error: unknown = await within(async () => {
      const group = any(['a', 'b', 'c'].map((name) => step(name, () => door(name).pass()))).catch(
        (reason: unknown) => reason,
      )
      await Promise.all(['a', 'b', 'c'].map((name) => door(name).reached))
      for (const name of ['c', 'a', 'b']) door(name).fail(new Error(name))
      return await group
    })
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors).toMatchObject([
      { stepName: 'a' },
      { stepName: 'b' },
      { stepName: 'c' },
    ])
    expect((error as AggregateError).message).toMatch(/All 3 branches of any "any" failed/)
  })

  test.each(kinds)('%s: timeout throws a TimeoutError, or gives timeoutValue', async (kind, group) => {
    const clock = new FakeClock()
    const running = within(
      async () =>
        await Promise.allSettled([
          group([never], { timeout: '1m' }),
          group([never, never], { timeout: '1m', timeoutValue: 'late' }),
          group({ a: never }, { timeout: '1m', timeoutValue: undefined }),
        ]),
      { clock },
    )
    await clock.armed(60_000)
    await quiet()
    await clock.advance(60_000)
    const [thrown, value, nothing] = await running
    expect(thrown).toMatchObject({
      status: 'rejected',
      reason: { code: 'TIMEOUT', key: kind, timeout: 60_000 },
    })
    expect((thrown as PromiseRejectedResult).reason).toBeInstanceOf(TimeoutError)
    expect([value, nothing]).toEqual([
      { status: 'fulfilled', value: 'late' },
      { status: 'fulfilled', value: undefined },
    ])
  })

  describe.each(kinds)('%s with a stagger', (kind, group) => {
    /** Three branches that start when they are allowed to; the log says when, by the clock. */
    async function staggered(
      behave: (name: string) => Promise<string>,
      drive: (clock: FakeClock, log: string[]) => Promise<void>,
    ): Promise<{ log: string[]; outcome: PromiseSettledResult<string> }> {
      const clock = new FakeClock()
      const log: string[] = []
      const begin = clock.now()
      const make = (name: string): ReturnType<typeof step<string>> =>
        step(name, () => {
          log.push(`${name} at ${clock.now() - begin}`)
          return behave(name)
        })
      const running = within(
        async () => await group([make('a'), make('b'), make('c')], { stagger: '200ms' }),
        { clock },
      )
      const settled = Promise.allSettled([running])
      await quiet()
      await drive(clock, log)
      const [outcome] = await settled
      return { log, outcome }
    }

    test('a quick first branch: the others never start', async () => {
      const { log, outcome } = await staggered(
        async (name) => name,
        async () => undefined,
      )
      expect(log).toEqual(['a at 0'])
      expect(outcome).toEqual({ status: 'fulfilled', value: 'a' })
    })

    test('a slow one: the next starts when it has taken that long', async () => {
      const { log, outcome } = await staggered(
        (name) => (name === 'c' ? Promise.resolve('c') : never()),
        async (clock, log) => {
          await clock.advance(199)
          expect(log).toEqual(['a at 0'])
          await clock.advance(1)
          expect(log).toEqual(['a at 0', 'b at 200'])
          await clock.advance(200)
        },
      )
      expect(log).toEqual(['a at 0', 'b at 200', 'c at 400'])
      expect(outcome).toEqual({ status: 'fulfilled', value: 'c' })
    })

    test('a failing first branch: the end of a race; for any, the next starts at once, and its own time counts from then', async () => {
      const { log, outcome } = await staggered(
        (name) =>
          name === 'a' ? Promise.reject(new Error('a')) : name === 'b' ? never() : Promise.resolve('c'),
        async (clock, log) => {
          const [, second] = log
          expect(second).toBe(kind === 'any' ? 'b at 0' : undefined)
          await clock.advance(199)
          expect(log).toHaveLength(kind === 'any' ? 2 : 1)
          await clock.advance(1)
        },
      )
      expect([log, outcome]).toMatchObject(
        kind === 'any'
          ? [['a at 0', 'b at 0', 'c at 200'], { status: 'fulfilled', value: 'c' }]
          : [['a at 0'], { status: 'rejected', reason: { stepName: 'a' } }],
      )
    })

    test('branches that all fail', async () => {
      const { log, outcome } = await staggered(
        (name) => Promise.reject(new Error(name)),
        async () => undefined,
      )
      if (kind === 'race')
        expect([log, outcome]).toMatchObject([['a at 0'], { status: 'rejected', reason: { stepName: 'a' } }])
      else
        expect([log.length, outcome]).toMatchObject([
          3,
          { status: 'rejected', reason: { errors: [{}, {}, {}] } },
        ])
    })
  })
})

describe.each(PLACES)('deadlines on %s', (place) => {
  test("a group's deadline survives a crash: the clock started with the group", async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const running = gates()
    let life = 0
    const flow = workflow({
      name: 'deadline',
      execute: async () => {
        const name = `life ${++life}`
        return await race([step('slow', () => (running(name).open(), never()))], {
          timeout: '1h',
          timeoutValue: 'late',
        })
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await running('life 1').promise
    await clock.armed(3_600_000)
    await clock.advance(2_400_000)
    await box.restart()
    await clock.advance(600_000)
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    await running('life 2').promise
    await clock.armed(600_000)
    await clock.advance(599_999)
    expect(await run.status()).toBe('running')
    await clock.advance(1)
    expect(await run.result()).toBe('late')
  })
})
