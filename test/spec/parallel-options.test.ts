/** The table of options of `parallel`, row by row, outside of a run and in one. */
import { CancelledError, parallel, step, type StepContext, TimeoutError } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, gates, Meter, quiet } from './support/gate.ts'
import { WAYS } from './support/ways.ts'

const never = (): Promise<never> => new Promise(() => undefined)
const fails = (message: string) => (): Promise<never> => Promise.reject(new Error(message))

describe.each(WAYS)('parallel, %s', (_, within) => {
  describe('concurrency', () => {
    test.each([1, 2, 5, 10, 100, Number.POSITIVE_INFINITY])(
      '%s: at most so many at once',
      async (concurrency) => {
        const meter = new Meter()
        const names = Array.from({ length: 10 }, (_, index) => `${index}`)
        const results = await within(
          async () =>
            await parallel(
              names.map((name) => step(name, () => meter.during(name, async () => (await quiet(2), name)))),
              { concurrency },
            ),
        )
        expect(results).toEqual(names)
        expect(meter.most).toBe(Math.min(10, concurrency))
        expect(meter.started).toEqual(names)
      },
    )

    test('a record is limited in the order of its names', async () => {
      const meter = new Meter()
      const work = (name: string): ReturnType<typeof step<void>> =>
        step(name, () => meter.during(name, () => quiet(1)))
      await within(
        async () => await parallel({ z: work('z'), a: work('a'), m: work('m') }, { concurrency: 1 }),
      )
      expect(meter.started).toEqual(['z', 'a', 'm'])
      expect(meter.most).toBe(1)
    })

    test('the next starts when one fails, too', async () => {
      const ran: string[] = []
      const results = await within(
        async () =>
          await parallel(
            ['a', 'b', 'c'].map((name) => () => {
              ran.push(name)
              throw new Error(name)
            }),
            { concurrency: 1, settle: true },
          ),
      )
      expect(ran).toEqual(['a', 'b', 'c'])
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    })
  })

  describe('fail fast', () => {
    test('the first failure aborts every running sibling, queued ones never start, and it is thrown', async () => {
      const ran: string[] = []
      const reasons = new Map<string, unknown>()
      const [started, all] = [gates(), gate()]
      const waits =
        (name: string) =>
        async ({ signal }: { signal: AbortSignal }): Promise<void> => {
          ran.push(name)
          started(name).open()
          reasons.set(name, await aborted(signal))
          if (reasons.size === 3) all.open()
        }
      const error: unknown = await within(async () => {
        const settled: unknown = await parallel(
          [
            step('step', waits('step')),
            waits('function'),
            step('bad', async () => {
              await Promise.all(['step', 'function', 'inner'].map((name) => started(name).promise))
              throw new Error('bad')
            }),
            parallel([step('inner', waits('inner'))]),
            step('queued', () => ran.push('queued')),
            () => ran.push('queued function'),
          ],
          { concurrency: 4 },
        ).catch((reason: unknown) => reason)
        await all.promise
        await quiet()
        return settled
      })
      expect(error).toMatchObject({ code: 'STEP_FAILED', stepName: 'bad', cause: { message: 'bad' } })
      expect(ran.toSorted((a, b) => a.localeCompare(b))).toEqual(['function', 'inner', 'step'])
      for (const reason of reasons.values()) {
        expect(reason).toBeInstanceOf(CancelledError)
        expect(reason).toMatchObject({
          kind: 'sibling-failed',
          by: expect.stringMatching(/bad$/) as string,
          cause: error,
        })
      }
    })

    test('E5: of several failures the first is thrown', async () => {
      const door = gates()
      const error: unknown = await within(async () => {
        const group = parallel(['a', 'b', 'c'].map((name) => step(name, () => door(name).pass())))
        const settled = group.catch((reason: unknown) => reason)
        await Promise.all(['a', 'b', 'c'].map((name) => door(name).reached))
        for (const name of ['b', 'c', 'a']) door(name).fail(new Error(name))
        return await settled
      })
      expect(error).toMatchObject({ stepName: 'b' })
    })
  })

  test('settle: never throws; results in input order, or by name', async () => {
    const [array, record] = await within(
      async () =>
        await Promise.all([
          parallel([step('a', () => 1), fails('b'), step('c', fails('c'))], { settle: true }),
          parallel({ z: () => 1, a: fails('a') }, { settle: true }),
        ]),
    )
    expect(array).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: new Error('b') },
      { status: 'rejected', reason: expect.objectContaining({ stepName: 'c', attempts: 1 }) as unknown },
    ])
    expect(record).toEqual({
      z: { status: 'fulfilled', value: 1 },
      a: { status: 'rejected', reason: new Error('a') },
    })
    expect(Object.keys(record)).toEqual(['z', 'a'])
  })

  test('settle: a branch that fails cancels nobody', async () => {
    const door = gate<string>()
    const results = await within(async () => {
      const group = parallel([step('slow', () => door.pass()), fails('bad')], { settle: true })
      const settled = group.then((all) => all)
      await door.reached
      await quiet()
      door.open('slow')
      return await settled
    })
    expect(results[0]).toEqual({ status: 'fulfilled', value: 'slow' })
  })

  test('a branch named __proto__ is one like any other', async () => {
    const branches = Object.fromEntries([
      ['__proto__', () => 1],
      ['constructor', () => 2],
    ])
    const results = await within(async () => await parallel(branches))
    expect(Object.entries(results)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ])
    expect(Object.getPrototypeOf(results)).toBe(Object.prototype)
  })

  describe('timeout', () => {
    /** A group whose first branch is in time and whose second is late; the clock runs out. */
    async function late(
      options: object,
    ): Promise<{ outcome: PromiseSettledResult<unknown>; reason: unknown }> {
      const clock = new FakeClock()
      const reason = gate<unknown>()
      const slow = async ({ signal }: StepContext): Promise<void> => {
        reason.open(await aborted(signal))
        signal.throwIfAborted()
      }
      const branches = [
        step.bind(null, 'quick', () => 'quick'),
        step.bind(null, 'slow', slow),
        () => step('bad', fails('bad')),
      ] as const
      const settle = 'settle' in options
      const running = within(
        async () => {
          const list = settle ? branches.map((make) => make()) : branches.slice(0, 2).map((make) => make())
          return await parallel(list, { timeout: '30s', ...options })
        },
        { clock },
      )
      const settled = Promise.allSettled([running])
      await clock.armed(30_000)
      await quiet()
      await clock.advance(30_000)
      const [outcome] = await settled
      return { outcome, reason: await reason.promise }
    }

    test('absent timeoutValue: throws a TimeoutError, and aborts what runs', async () => {
      const { outcome, reason } = await late({})
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'TIMEOUT', timeout: 30_000, key: 'parallel' },
      })
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(TimeoutError)
      expect(reason).toMatchObject({ kind: 'timeout', by: 'parallel', cause: { code: 'TIMEOUT' } })
    })

    test("timeoutValue 'partial': what completed, undefined elsewhere", async () => {
      const { outcome, reason } = await late({ timeoutValue: 'partial' })
      expect(outcome).toEqual({ status: 'fulfilled', value: ['quick', undefined] })
      expect(reason).toMatchObject({ kind: 'timeout' })
    })

    test.each([null, undefined, 0, 'late', { late: true }])(
      'timeoutValue %j: returns it',
      async (timeoutValue) => {
        const { outcome } = await late({ timeoutValue })
        expect(outcome).toEqual({ status: 'fulfilled', value: timeoutValue })
      },
    )

    test('with settle, absent timeoutValue: throws a TimeoutError all the same', async () => {
      const { outcome } = await late({ settle: true })
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } })
    })

    test("with settle, 'partial': unfinished ones are rejected with the TimeoutError", async () => {
      const { outcome } = await late({ settle: true, timeoutValue: 'partial' })
      expect(outcome).toMatchObject({
        status: 'fulfilled',
        value: [
          { status: 'fulfilled', value: 'quick' },
          { status: 'rejected', reason: { code: 'TIMEOUT', timeout: 30_000 } },
          { status: 'rejected', reason: { code: 'STEP_FAILED', stepName: 'bad' } },
        ],
      })
    })

    test('with settle, another timeoutValue: returns it', async () => {
      const { outcome } = await late({ settle: true, timeoutValue: 'late' })
      expect(outcome).toEqual({ status: 'fulfilled', value: 'late' })
    })

    test("'partial' keeps names, and queued branches count as unfinished", async () => {
      const clock = new FakeClock()
      const running = within(
        async () =>
          await parallel(
            { quick: () => 1, slow: never, queued: () => 2 },
            { concurrency: 1, timeout: 5, timeoutValue: 'partial' },
          ),
        { clock },
      )
      await clock.armed(5)
      await quiet()
      await clock.advance(5)
      const result = await running
      expect(Object.entries(result)).toEqual([
        ['quick', 1],
        ['slow', undefined],
        ['queued', undefined],
      ])
    })

    test('in time: the timer is gone, and nothing happens later', async () => {
      const clock = new FakeClock()
      const result = await within(
        async () => await parallel([() => 1], { timeout: '30s', timeoutValue: 'late' }),
        { clock },
      )
      expect(result).toEqual([1])
      await clock.advance(60_000)
    })

    test('a failure before the timeout is thrown as itself', async () => {
      const clock = new FakeClock()
      const running = within(
        async () => await parallel([never, fails('bad')], { timeout: 1, timeoutValue: 'partial' }),
        { clock },
      )
      await expect(running).rejects.toThrow('bad')
    })
  })

  describe('waitForCancelled', () => {
    /** A group that fails while one branch takes its time to stop; tells what happened in which order. */
    async function stopping(
      waitForCancelled: boolean | '10s',
      clock: FakeClock,
      during: (stop: () => void, log: string[]) => Promise<void>,
    ): Promise<string[]> {
      const log: string[] = []
      const [running, cleanup] = [gate(), gate()]
      const done = within(
        async () => {
          const group = parallel(
            [
              step('slow', async ({ signal }) => {
                running.open()
                await aborted(signal)
                log.push('asked to stop')
                await cleanup.pass()
                log.push('stopped')
              }),
              step('bad', async () => {
                await running.promise
                throw new Error('bad')
              }),
            ],
            { waitForCancelled },
          )
          await group.then(null, () => log.push('returned'))
        },
        { clock },
      )
      await cleanup.reached
      await quiet()
      await during(() => cleanup.open(), log)
      await done
      await quiet()
      return log
    }

    test('by default the group returns at once', async () => {
      const log = await stopping(false, new FakeClock(), async (stop, log) => {
        expect(log).toEqual(['asked to stop', 'returned'])
        stop()
      })
      expect(log).toEqual(['asked to stop', 'returned', 'stopped'])
    })

    test('true: not before cancelled siblings have stopped', async () => {
      const clock = new FakeClock()
      const log = await stopping(true, clock, async (stop, log) => {
        await clock.advance(3_600_000)
        expect(log).toEqual(['asked to stop'])
        stop()
      })
      expect(log).toEqual(['asked to stop', 'stopped', 'returned'])
    })

    test('a duration: not longer than that', async () => {
      const clock = new FakeClock()
      const log = await stopping('10s', clock, async (stop, log) => {
        await clock.armed(10_000)
        await clock.advance(9_999)
        expect(log).toEqual(['asked to stop'])
        await clock.advance(1)
        expect(log).toEqual(['asked to stop', 'returned'])
        stop()
      })
      expect(log).toEqual(['asked to stop', 'returned', 'stopped'])
    })

    test('a duration: earlier, if they stop earlier', async () => {
      const log = await stopping('10s', new FakeClock(), async (stop) => stop())
      expect(log).toEqual(['asked to stop', 'stopped', 'returned'])
    })

    test('it reaches function branches and inner groups', async () => {
      const log: string[] = []
      const [running, cleanup] = [gates(), gates()]
      const slow =
        (name: string) =>
        async ({ signal }: { signal: AbortSignal }): Promise<void> => {
          running(name).open()
          await aborted(signal)
          await cleanup(name).pass()
          log.push(name)
        }
      const done = within(async () => {
        const group = parallel(
          [
            slow('function'),
            parallel([step('inner', slow('inner'))]),
            async () => await step('in a function', slow('in a function')),
            async () => {
              await Promise.all(['function', 'inner', 'in a function'].map((name) => running(name).promise))
              throw new Error('bad')
            },
          ],
          { waitForCancelled: true },
        )
        await group.then(null, () => log.push('returned'))
      })
      for (const name of ['function', 'inner', 'in a function']) {
        await cleanup(name).reached
        cleanup(name).open()
      }
      await done
      expect(log.at(-1)).toBe('returned')
      expect(new Set(log)).toEqual(new Set(['function', 'inner', 'in a function', 'returned']))
    })
  })
})
