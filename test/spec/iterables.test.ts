/** `parallel` over an iterable: branches are pulled when they may start, and not before. */
import { any, type Operation, parallel, race, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, gates, quiet } from './support/gate.ts'
import { LogBook, sandbox, started } from './support/sandbox.ts'
import { WAYS } from './support/ways.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe.each(WAYS)('parallel over an iterable, %s', (_, within) => {
  test('at most `concurrency` branches exist; the next is pulled the moment one ends; results are in order', async () => {
    const door = gates()
    const seen: string[] = []
    const results = await within(async () => {
      function* branches(): Generator<Operation<number>> {
        for (let index = 0; index < 5; index++) {
          seen.push(`pulled ${index}`)
          yield step('item', async () => (await door(`${index}`).pass(), index * 2))
        }
        seen.push('exhausted')
      }
      const done = parallel(branches(), { concurrency: 2 }).then((all) => all)
      await Promise.all([door('0').reached, door('1').reached])
      await quiet()
      expect(seen).toEqual(['pulled 0', 'pulled 1'])
      door('1').open()
      await door('2').reached
      await quiet()
      expect(seen).toEqual(['pulled 0', 'pulled 1', 'pulled 2'])
      for (const index of [0, 2, 3, 4]) door(`${index}`).open()
      return await done
    })
    expect(results).toEqual([0, 2, 4, 6, 8])
    expect(seen.at(-1)).toBe('exhausted')
  })

  test('without a limit it is drained at once', async () => {
    const ran: number[] = []
    const some = new Set([1, 2, 3].map((one) => () => ran.push(one)))
    expect(await within(async () => await parallel(some))).toEqual([1, 2, 3])
    expect(ran).toEqual([1, 2, 3])
  })

  test('none is an empty array; nothing is pulled before the group is awaited', async () => {
    let asked = 0
    const nothing = { [Symbol.iterator]: () => (asked++, [].values()) }
    const results = await within(async () => {
      parallel(nothing)
      await quiet()
      expect(asked).toBe(0)
      return await parallel(nothing, { concurrency: 3 })
    })
    expect(results).toEqual([])
    expect(asked).toBe(1)
  })

  test('the first failure aborts what runs, pulls no more and closes the iterator', async () => {
    const seen: unknown[] = []
    const running = gate()
    const error: unknown = await within(async () => {
      function* branches(): Generator<() => Promise<unknown>> {
        try {
          yield async ({ signal }: { signal?: AbortSignal } = {}) => {
            running.open()
            if (signal !== undefined) seen.push(await aborted(signal))
          }
          yield async () => {
            await running.promise
            throw new Error('bad')
          }
          yield () => Promise.resolve(seen.push('pulled too much'))
        } finally {
          seen.push('closed')
        }
      }
      const outcome: unknown = await parallel(branches(), { concurrency: 2 }).catch(
        (reason: unknown) => reason,
      )
      await quiet()
      return outcome
    })
    expect(error).toMatchObject({ message: 'bad' })
    expect(seen).toEqual(['closed', expect.objectContaining({ kind: 'sibling-failed' })])
  })

  test.each([false, true])('an iterator that throws fails the group, settle: %s', async (settle) => {
    const reasons: unknown[] = []
    const error: unknown = await within(async () => {
      function* branches(): Generator<({ signal }: { signal: AbortSignal }) => Promise<unknown>> {
        yield async ({ signal }) => reasons.push(await aborted(signal))
        yield () => Promise.resolve('ends')
        throw new RangeError('no more rows')
      }
      const outcome: unknown = await parallel(branches(), { concurrency: 2, settle }).catch(
        (reason: unknown) => reason,
      )
      await quiet()
      return outcome
    })
    expect(error).toEqual(new RangeError('no more rows'))
    expect(reasons).toMatchObject([
      { kind: 'sibling-failed', by: 'parallel/2', cause: { message: 'no more rows' } },
    ])
  })

  test.each([false, true])(
    'M8: a promise among the branches is found when it is pulled, and fails the group, settle: %s',
    async (settle) => {
      const seen: string[] = []
      const error: unknown = await within(async () => {
        function* branches(): Generator<never> {
          try {
            yield (() => seen.push('first')) as never
            yield Promise.resolve(1) as never
            seen.push('pulled too much')
          } finally {
            seen.push('closed')
          }
        }
        return await parallel(branches(), { concurrency: 1, settle }).catch((reason: unknown) => reason)
      })
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(/^parallel\(\) branch \[1\]: a promise is already running/)
      expect(seen).toEqual(['first', 'closed'])
    },
  )

  test('what an iterator throws as it is closed is logged, and changes nothing', async () => {
    const log = new LogBook()
    const error: unknown = await within(
      async () => {
        function* branches(): Generator<() => never> {
          try {
            for (;;)
              yield () => {
                throw new Error('bad')
              }
          } finally {
            throw new Error('cannot close') // oxlint-disable-line no-unsafe-finally -- that is what is tested
          }
        }
        return await parallel(branches(), { concurrency: 1 }).catch((reason: unknown) => reason)
      },
      { log },
    )
    expect(error).toMatchObject({ message: 'bad' })
    expect(log.messages('warn')).toEqual(['parallel(): the iterator of branches threw when it was closed'])
  })

  test.each([
    [false, ['a', undefined]],
    [
      true,
      [
        { status: 'fulfilled', value: 'a' },
        { status: 'rejected', reason: expect.objectContaining({ code: 'TIMEOUT' }) as unknown },
      ],
    ],
  ])('when the time is up, those that have started have a place, settle: %s', async (settle, expected) => {
    const clock = new FakeClock()
    let closed = false
    const results: unknown = await within(
      async () => {
        function* branches(): Generator<() => Promise<string>> {
          try {
            yield () => Promise.resolve('a')
            for (;;) yield never
          } finally {
            closed = true
          }
        }
        const group = parallel(branches(), { concurrency: 1, timeout: '1m', timeoutValue: 'partial', settle })
        const done = group.then((all: unknown) => all)
        await clock.armed(60_000)
        await clock.advance(60_000)
        return await done
      },
      { clock },
    )
    expect(results).toEqual(expected)
    expect(closed).toBe(true)
  })

  test('onProgress: the total is what is known so far', async () => {
    const totals: number[] = []
    await within(async () => {
      const branches = new Set([1, 2, 3].map((one) => () => one))
      await parallel(branches, { concurrency: 1, onProgress: ({ total }) => totals.push(total) })
    })
    expect(totals).toEqual([1, 2, 3])
  })

  test('many branches do not exist at once', async () => {
    let [exist, most] = [0, 0]
    const results = await within(async () => {
      function* branches(): Generator<() => Promise<number>> {
        for (let index = 0; index < 20_000; index++) {
          most = Math.max(most, ++exist)
          yield async () => (await Promise.resolve(), exist--, index)
        }
      }
      return await parallel(branches(), { concurrency: 10 })
    })
    expect(results).toHaveLength(20_000)
    expect(results[19_999]).toBe(19_999)
    expect(most).toBe(10)
  })
})

test('names are counted in the scope of the group, and a replay pulls the same', async () => {
  const box = await sandbox()
  const door = gate()
  const pulled: string[][] = []
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      const mine: string[] = []
      pulled.push(mine)
      function* branches(): Generator<Operation<number>> {
        for (let index = 0; index < 6; index++) {
          mine.push(`${index}`)
          yield step('item', () => (index === 4 && pulled.length === 1 ? door.pass().then(() => 4) : index))
        }
      }
      return await parallel(branches(), { concurrency: 2 })
    },
  })
  const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
  await door.reached
  await run.status()
  await quiet()
  const engine = await box.restart()
  expect(await flow.get('x', { engine }).result()).toEqual([0, 1, 2, 3, 4, 5])
  expect(started(box.events)).toEqual(['item', 'item#2', 'item#3', 'item#4', 'item#5', 'item#6', 'item#5'])
  expect(pulled).toEqual([Array.from('012345'), Array.from('012345')])
})

test('an async iterable is refused, with what to do instead; so is any iterable by a group that has no limit', () => {
  async function* later(): AsyncGenerator<() => number> {
    yield await Promise.resolve(() => 1)
  }
  expect(() => parallel(later() as never)).toThrow(/async iterable .* replay.* steps/)
  for (const group of [race, any])
    expect(() => group(new Set([() => 1]) as never)).toThrow(
      /expected an array or a record of branches, got an object/,
    )
  expect(() => parallel('text' as never)).toThrow(/got "text"/)
})
