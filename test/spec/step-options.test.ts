/** The options of `step`: retry, timeout, idempotencyKey. */
import { type RetryOptions, step, type StepContext, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, gates, quiet } from './support/gate.ts'
import { LogBook, PLACES, sandbox } from './support/sandbox.ts'
import { WAYS } from './support/ways.ts'

describe.each(WAYS)('retry, %s', (_, within) => {
  /** Milliseconds between the attempts of a step that always fails. */
  async function delaysOf(
    retry: RetryOptions,
    log = new LogBook(),
  ): Promise<{ delays: number[]; error: unknown }> {
    const clock = new FakeClock()
    const times: number[] = []
    const running = within(
      async () =>
        await step(
          'fails',
          ({ attempt }) => {
            expect(attempt).toBe(times.length + 1)
            times.push(clock.now())
            throw new Error(`attempt ${attempt}`)
          },
          { retry },
        ).catch((error: unknown) => error),
      { clock, log },
    )
    await quiet()
    // More than enough for every delay above; a step that has given up sets no timer any more.
    await clock.advance(600_000)
    const error = await running
    return { delays: times.slice(1).map((time, index) => time - (times[index] ?? 0)), error }
  }

  const jitter = false
  test.each<[string, RetryOptions, number[]]>([
    ['by default exponential, from a second, three attempts', { jitter }, [1000, 2000]],
    [
      'exponential',
      { maxAttempts: 5, backoff: 'exponential', initialDelay: 100, jitter },
      [100, 200, 400, 800],
    ],
    [
      'exponential with a factor',
      { maxAttempts: 4, initialDelay: '1s', factor: 3, jitter },
      [1000, 3000, 9000],
    ],
    ['linear', { maxAttempts: 5, backoff: 'linear', initialDelay: '1s', jitter }, [1000, 2000, 3000, 4000]],
    ['fixed', { maxAttempts: 4, backoff: 'fixed', initialDelay: '5s', jitter }, [5000, 5000, 5000]],
    ['a function', { maxAttempts: 4, backoff: (attempt) => attempt ** 2 * 10, jitter }, [10, 40, 90]],
    ['maxDelay', { maxAttempts: 5, initialDelay: '1s', maxDelay: '3s', jitter }, [1000, 2000, 3000, 3000]],
    [
      'by default no delay is over a minute',
      { maxAttempts: 9, initialDelay: '10s', jitter },
      [10, 20, 40, 60, 60, 60, 60, 60].map((s) => s * 1000),
    ],
    [
      'maxDelay bounds a function as well',
      { maxAttempts: 3, backoff: () => 1e6, maxDelay: 50, jitter },
      [50, 50],
    ],
    ['no delay', { maxAttempts: 4, backoff: 'fixed', initialDelay: 0, jitter }, [0, 0, 0]],
    ['one attempt', { maxAttempts: 1 }, []],
  ])('%s', async (_, retry, expected) => {
    const { delays, error } = await delaysOf(retry)
    expect(delays).toEqual(expected)
    const attempts = expected.length + 1
    expect(error).toMatchObject({ code: 'STEP_FAILED', attempts, cause: { message: `attempt ${attempts}` } })
  })

  test('jitter takes a part between a half and the whole of each delay', async () => {
    const { delays } = await delaysOf({ maxAttempts: 30, backoff: 'fixed', initialDelay: 1000 })
    expect(delays).toHaveLength(29)
    for (const delay of delays) {
      expect(delay).toBeGreaterThanOrEqual(500)
      expect(delay).toBeLessThanOrEqual(1000)
    }
    expect(new Set(delays).size).toBeGreaterThan(10)
  })

  test('without retry: one attempt', async () => {
    let calls = 0
    const failing = within(async () => {
      await step('fails', () => {
        calls++
        throw new Error('once')
      })
    })
    await expect(failing).rejects.toMatchObject({ attempts: 1 })
    expect(calls).toBe(1)
  })

  test('retryIf is asked with the error and the attempt; false gives up at once', async () => {
    const asked: unknown[] = []
    const { delays, error } = await delaysOf({
      maxAttempts: 9,
      initialDelay: 1,
      jitter,
      retryIf: (error, attempt) => {
        asked.push([(error as Error).message, attempt])
        return attempt < 3
      },
    })
    expect(asked).toEqual([
      ['attempt 1', 1],
      ['attempt 2', 2],
      ['attempt 3', 3],
    ])
    expect(delays).toEqual([1, 2])
    expect(error).toMatchObject({ attempts: 3 })
  })

  test.each<[string, RetryOptions]>([
    [
      'retryIf throws',
      {
        retryIf: () => {
          throw new RangeError('broken policy')
        },
      },
    ],
    [
      'backoff throws',
      {
        backoff: () => {
          throw new RangeError('broken policy')
        },
      },
    ],
    ['backoff gives no number', { backoff: () => Number.NaN }],
    ['backoff gives a negative number', { backoff: () => -1 }],
  ])('%s: the step gives up with its own error, and the log says why', async (_, retry) => {
    const log = new LogBook()
    const { delays, error } = await delaysOf({ maxAttempts: 5, ...retry }, log)
    expect(delays).toEqual([])
    expect(error).toMatchObject({ attempts: 1, cause: { message: 'attempt 1' } })
    expect(log.messages('warn')).toEqual([expect.stringMatching(/retry policy threw/)])
  })

  test('a success after failures is the result', async () => {
    const clock = new FakeClock()
    const running = within(
      async () =>
        await step('third time', ({ attempt }) => (attempt < 3 ? Promise.reject(new Error('no')) : attempt), {
          retry: { jitter },
        }),
      { clock },
    )
    await clock.armed(1000)
    await clock.advance(1000)
    await clock.armed(2000)
    await clock.advance(2000)
    expect(await running).toBe(3)
  })
})

describe.each(WAYS)('timeout, %s', (_, within) => {
  test('an attempt that takes longer has its signal aborted and fails with a TimeoutError', async () => {
    const clock = new FakeClock()
    const reason = gate<unknown>()
    const running = within(
      async () =>
        await step('slow', async ({ signal }) => reason.open(await aborted(signal)), {
          timeout: '10s',
        }).catch((error: unknown) => error),
      { clock },
    )
    await clock.armed(10_000)
    await clock.advance(10_000)
    expect(await running).toMatchObject({
      code: 'STEP_FAILED',
      attempts: 1,
      cause: { code: 'TIMEOUT', key: 'slow', timeout: 10_000 },
    })
    expect(await reason.promise).toMatchObject({ kind: 'timeout', by: 'slow', cause: { code: 'TIMEOUT' } })
  })

  test('is for each attempt, and is retried like any failure', async () => {
    const clock = new FakeClock()
    const attempts: number[] = []
    const late: string[] = []
    const running = within(
      async () =>
        await step(
          'slow at first',
          async ({ attempt, signal }: StepContext) => {
            attempts.push(attempt)
            if (attempt === 3) return 'in time'
            await aborted(signal)
            late.push(`attempt ${attempt} came back`)
            return 'too late'
          },
          { timeout: '10s', retry: { maxAttempts: 3, backoff: 'fixed', initialDelay: '1s', jitter: false } },
        ),
      { clock },
    )
    for (let attempt = 1; attempt < 3; attempt++) {
      await clock.armed(10_000)
      await clock.advance(10_000)
      await clock.armed(1000)
      await clock.advance(1000)
    }
    expect(await running).toBe('in time')
    expect(attempts).toEqual([1, 2, 3])
    expect(late).toEqual(['attempt 1 came back', 'attempt 2 came back'])
  })

  test('a quick one leaves no timer', async () => {
    const clock = new FakeClock()
    expect(await within(async () => await step('quick', () => 1, { timeout: '1w' }), { clock })).toBe(1)
    await clock.advance(7 * 86_400_000)
  })
})

describe('idempotencyKey', () => {
  test.each(PLACES)(
    'on %s: by default stable for the run and the key, the same for every attempt and after a crash',
    async (place) => {
      const clock = new FakeClock()
      const box = await sandbox(place, { clock })
      const keys: string[][] = [[], []]
      const running = gates()
      let life = 0
      const flow = workflow({
        name: 'flow',
        execute: async () => {
          const seen = keys[life++]
          const note = ({ idempotencyKey, attempt }: StepContext): void => {
            seen?.push(idempotencyKey)
            if (attempt === 1) throw new Error('again')
          }
          await step('a', note, { retry: { initialDelay: 5, jitter: false } })
          await step('a', ({ idempotencyKey }) => void seen?.push(idempotencyKey))
          await step('b', ({ idempotencyKey }) => void seen?.push(idempotencyKey), { idempotencyKey: 'mine' })
          await step('crash', ({ idempotencyKey }) => {
            seen?.push(idempotencyKey)
            running(`life ${life}`).open()
            return life === 1 ? new Promise(() => undefined) : undefined
          })
        },
      })
      await flow.start(undefined, { engine: box.engine, id: 'x' })
      await clock.armed(5)
      await clock.advance(5)
      await running('life 1').promise
      await box.restart()
      await flow.run(undefined, { engine: box.engine, id: 'x' })
      expect(keys).toEqual([['x:a', 'x:a', 'x:a#2', 'mine', 'x:crash'], ['x:crash']])
    },
  )

  test('is different for different runs', async () => {
    const box = await sandbox()
    const flow = workflow({
      name: 'flow',
      execute: async () => await step('a', ({ idempotencyKey }) => idempotencyKey),
    })
    const keys = await Promise.all([1, 2, 3].map(() => flow.run(undefined, { engine: box.engine })))
    expect(new Set(keys).size).toBe(3)
  })
})

describe.each(PLACES)('attempts on %s', (place) => {
  test('R1: are counted across a crash, and a delay goes on while no process runs', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const attempts: number[] = []
    const running = gates()
    const flow = workflow({
      name: 'flow',
      execute: async () =>
        await step(
          'a',
          async ({ attempt, signal }) => {
            attempts.push(attempt)
            running(`${attempt}`).open()
            if (attempt === 1) throw new Error('fails')
            if (attempt === 2) await aborted(signal)
            return attempt
          },
          { retry: { maxAttempts: 5, backoff: 'fixed', initialDelay: '1m', jitter: false } },
        ),
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await running('1').promise
    await clock.armed(60_000)
    // Down for most of the delay.
    await box.restart()
    await clock.advance(50_000)
    const second = await flow.start(undefined, { engine: box.engine, id: 'x' })
    await clock.armed(10_000)
    await clock.advance(10_000)
    await running('2').promise
    // Its start reaches the disk a little later, so that a crash counts it.
    await clock.advance(1000)
    void second
    await box.restart()
    expect(await flow.run(undefined, { engine: box.engine, id: 'x' })).toBe(3)
    expect(attempts).toEqual([1, 2, 3])
  })
})
