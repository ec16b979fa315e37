/** M6 to M8: operations in the wrong place, outside of a run, and promises that are already running. */
import { any, CancelledError, parallel, race, step, type StepContext, workflow } from 'ai-workflows'
import { describe, expect, test, vi } from 'vitest'
import { runInline } from '../../src/core/inline.ts'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, gates, Meter, quiet } from './support/gate.ts'
import { LogBook, sandbox, started } from './support/sandbox.ts'

describe('M6: no operation inside of a step', () => {
  const kinds: Readonly<Record<string, () => unknown>> = {
    step: () => step('inner', () => 1),
    parallel: () => parallel([]),
    race: () => race([() => 1]),
    any: () => any([]),
  }

  test.each(Object.entries(kinds))(
    'M6: creating a %s there throws, naming both and saying what to do',
    async (kind, create) => {
      const box = await sandbox()
      const nested = workflow({
        name: 'nested',
        execute: async () => {
          await step('outer', async () => {
            await Promise.resolve()
            create()
          })
        },
      })
      const error: unknown = await nested
        .run(undefined, { engine: box.engine })
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'STEP_FAILED', cause: { code: 'NESTED_OPERATION' } })
      const { message } = (error as Error).cause as Error
      expect(message).toContain('"outer"')
      expect(message).toContain(kind === 'step' ? 'step "inner"' : kind)
      expect(message).toMatch(/function branch/)
      expect(message).toMatch(/ctx\.invoke/)
    },
  )

  test('M6: so do the operations of the context', async () => {
    const box = await sandbox()
    const child = workflow({ name: 'child', execute: () => 1 })
    const errors: unknown[] = []
    const nested = workflow({
      name: 'nested',
      execute: async (ctx) => {
        await step('outer', () => {
          const creations = [
            () => ctx.step('x', () => 1),
            () => ctx.parallel([]),
            () => ctx.race([() => 1]),
            () => ctx.any([]),
            () => ctx.sleep(1),
            () => ctx.waitForEvent('x'),
            () => ctx.invoke(child, null),
          ]
          for (const create of creations)
            try {
              create()
              errors.push('nothing was thrown')
            } catch (error) {
              errors.push((error as { code?: unknown }).code)
            }
        })
      },
    })
    await nested.run(undefined, { engine: box.engine })
    expect(errors).toEqual(Array.from({ length: 7 }, () => 'NESTED_OPERATION'))
  })

  test('M6: awaiting one there that was created outside throws as well', async () => {
    const box = await sandbox()
    const nested = workflow({
      name: 'nested',
      execute: async () => {
        const outside = step('outside', () => 1)
        await step('outer', async () => await outside)
      },
    })
    await expect(nested.run(undefined, { engine: box.engine })).rejects.toMatchObject({
      code: 'STEP_FAILED',
      cause: { code: 'NESTED_OPERATION', message: expect.stringContaining('"outer"') as string },
    })
  })

  test('M6: the same outside of a run', async () => {
    await expect(step('outer', () => step('inner', () => 1))).rejects.toMatchObject({
      cause: { code: 'NESTED_OPERATION' },
    })
  })

  test('M6: a step may start a run of another workflow: that one has operations of its own', async () => {
    const box = await sandbox()
    const other = workflow({
      name: 'other',
      execute: async (ctx) => {
        const [one] = await parallel([step('inner', () => 1), async () => await step('in a branch', () => 2)])
        return [one, ctx.id]
      },
    })
    const outer = workflow({
      name: 'outer',
      execute: async () =>
        await step('start another', () => other.run(undefined, { engine: box.engine, id: 'another' })),
    })
    expect(await outer.run(undefined, { engine: box.engine })).toEqual([1, 'another'])
  })

  test('M6: but it may not create operations of the run, which no replay would repeat', async () => {
    const box = await sandbox()
    const later = gate()
    const called = gate<unknown>()
    const leaving = workflow({
      name: 'leaving',
      execute: async (ctx) => {
        await step('leaves a callback', () => {
          later.promise.then(() => ctx.sleep(1)).then(called.open, called.open)
        })
        later.open()
        return await called.promise.then((error) => (error as { code?: unknown }).code)
      },
    })
    expect(await leaving.run(undefined, { engine: box.engine })).toBe('NESTED_OPERATION')
  })

  test('M6: what a step left behind, and calls back after it has ended, is not inside of it any more', async () => {
    const box = await sandbox()
    const later = gate()
    const called = gate<unknown>()
    const leaving = workflow({
      name: 'leaving',
      execute: async () => {
        await step('leaves a callback', () => {
          later.promise
            .then(() => parallel([() => 1, step('afterwards', () => 2)]))
            .then(called.open, called.open)
        })
        return 'ended'
      },
    })
    expect(await leaving.run(undefined, { engine: box.engine })).toBe('ended')
    later.open()
    expect(await called.promise).toEqual([1, 2])
  })
})

describe('M7: outside of a workflow everything works in memory', () => {
  test('M7: limits, results and settled shapes', async () => {
    const meter = new Meter()
    const results = await parallel(
      Array.from({ length: 9 }, (_, index) =>
        step('same name', () => meter.during('', async () => (await quiet(1), index))),
      ),
      { concurrency: 2 },
    )
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(meter.most).toBe(2)
    expect(
      await parallel({ a: () => 1, b: step('b', () => Promise.reject(new Error('b'))) }, { settle: true }),
    ).toMatchObject({
      a: { status: 'fulfilled', value: 1 },
      b: { status: 'rejected', reason: { code: 'STEP_FAILED' } },
    })
  })

  test('M7: cancellation reaches siblings, and function branches', async () => {
    const reasons: unknown[] = []
    const both = gate()
    const wait = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
      reasons.push(await aborted(signal))
      if (reasons.length === 2) both.open()
    }
    await expect(parallel([step('a', wait), wait, () => Promise.reject(new Error('bad'))])).rejects.toThrow(
      'bad',
    )
    await both.promise
    expect(reasons).toEqual([expect.any(CancelledError), expect.any(CancelledError)])
    expect(reasons).toMatchObject([{ kind: 'sibling-failed' }, { kind: 'sibling-failed' }])
  })

  test('M7: timeouts and retries, by an injected clock', async () => {
    const clock = new FakeClock()
    const attempts: number[] = []
    const failing = ({ attempt }: StepContext): void => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('again')
    }
    const done = runInline({ clock }, async () => {
      await step('retried', failing, {
        retry: { maxAttempts: 3, backoff: 'fixed', initialDelay: '1m', jitter: false },
      })
    })
    await clock.armed(60_000)
    await clock.advance(60_000)
    await clock.advance(60_000)
    await done
    expect(attempts).toEqual([1, 2, 3])
    const late = runInline(
      { clock },
      async () => await parallel([() => new Promise(() => undefined)], { timeout: '1h' }),
    )
    const settled = Promise.allSettled([late])
    await clock.armed(3_600_000)
    await clock.advance(3_600_000)
    expect(await settled).toMatchObject([{ status: 'rejected', reason: { code: 'TIMEOUT' } }])
  })

  test('M7: nothing is stored, so any value goes, and is the very same', async () => {
    const secret = { fn: () => 1, symbol: Symbol('s') }
    expect(await step('any value', () => secret)).toBe(secret)
  })

  test('M7: an operation of a run is not one of the outside, and the other way round', async () => {
    const box = await sandbox()
    const outside = step('outside', () => 1)
    let inside: ReturnType<typeof step<number>> | undefined
    const mixing = workflow({
      name: 'mixing',
      execute: async () => {
        inside = step('inside', () => 1)
        await inside
        const errors = [await outside.then(null, (error: Error) => error.message)]
        try {
          parallel([outside])
        } catch (error) {
          errors.push((error as Error).message)
        }
        return errors
      },
    })
    const errors = await mixing.run(undefined, { engine: box.engine, id: 'm' })
    expect(errors).toEqual([
      expect.stringMatching(/outside of any run.*run "m"/),
      expect.stringMatching(/branch \[0\].*outside of any run/),
    ])
  })

  test('M7: messages go to the console, or where the script says', async () => {
    const log = new LogBook()
    await runInline({ log }, () => step('talks', (context) => context.log.info('hello', { from: 'a step' })))
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'hello',
        fields: { step: 'talks', key: 'talks', attempt: 1, from: 'a step' },
      },
    ])
    const print = vi.spyOn(console, 'error').mockReturnValue()
    await step('talks', ({ log }) => (log.debug('not shown'), log.info('hello')))
    expect(print).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^\S+ info  \[talks\] hello$/))
    print.mockRestore()
  })
})

describe('M8: a promise that is already running is refused', () => {
  const promise = Promise.resolve(1)
  const thenable = { then: () => undefined }
  const groups = { parallel, race, any } as Readonly<Record<string, (branches: never) => unknown>>

  test.each(Object.entries(groups))(
    'M8: by %s, with a TypeError that says what to pass instead',
    (name, group) => {
      for (const branches of [
        [promise],
        [() => 1, promise],
        [thenable],
        [step('a', () => 1).then((one) => one)],
      ]) {
        expect(() => group(branches as never)).toThrow(TypeError)
        expect(() => group(branches as never)).toThrow(
          new RegExp(`^${name}\\(\\) branch \\[${branches.length - 1}\\]: .*already running.*\\(\\) => …`),
        )
      }
      expect(() => group({ user: promise } as never)).toThrow(
        /branch \["user"\]: a promise is already running.*or a step/,
      )
    },
  )

  test.each(Object.entries(groups))('M8: %s refuses everything else that is no branch', (_, group) => {
    for (const [branches, message] of [
      [[1], /branch \[0\]: expected an operation .* or a function, got 1/],
      [[() => 1, undefined], /branch \[1\]: .* got undefined/],
      [[null], /got null/],
      [{ a: 'text' }, /branch \["a"\]: .* got "text"/],
      [[[]], /got an array of 0/],
      [undefined, /expected an.* array or a record of branches, got undefined/],
      [null, /got null/],
      ['text', /got "text"/],
      [promise, /got a promise/],
      [step('one', () => 1), /got one operation \(step "one"\)/],
    ] as const)
      expect(() => group(branches as never)).toThrow(message)
  })

  test('M8: holes in an array are no branches', () => {
    // oxlint-disable-next-line no-sparse-arrays -- the hole is what is tested
    expect(() => parallel([() => 1, , () => 2] as never)).toThrow(/branch \[1\]: .* got undefined/)
  })

  test('M8: in a run nothing has started when it is refused', async () => {
    const box = await sandbox()
    const refused = workflow({
      name: 'refused',
      execute: async () => await parallel([step('a', () => 1), promise as never]),
    })
    await expect(refused.run(undefined, { engine: box.engine })).rejects.toThrow(TypeError)
    expect(started(box.events)).toEqual([])
    await quiet()
  })

  test('M8: a limited group is one of functions, as the message says', async () => {
    const door = gates()
    const meter = new Meter()
    const all = parallel(
      ['a', 'b', 'c'].map((name) => () => meter.during(name, () => door(name).pass())),
      { concurrency: 1 },
    )
    const done = all.then(() => meter.most)
    for (const name of ['a', 'b', 'c']) {
      await door(name).reached
      door(name).open()
    }
    expect(await done).toBe(1)
  })
})
