import { parallel, race, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, test } from 'vitest'
import { PLACES, sandbox, type Place, type Sandbox, started } from './support/sandbox.ts'

const DAY = 86_400_000

interface Box extends Sandbox {
  readonly clock: VirtualClock
  /** Lets a run that waits be put away. */
  park(): Promise<void>
  /** Time passes, timer by timer. */
  pass(milliseconds: number): Promise<void>
}

async function boxIn(place: Place): Promise<Box> {
  const clock = new VirtualClock(Date.UTC(2030, 0, 1))
  const box = await sandbox(place, { clock, parkAfter: '1s' })
  const pass = async (milliseconds: number): Promise<void> => {
    const end = clock.now() + milliseconds
    for (;;) {
      await box.engine.idle()
      const next = clock.next()
      if (next === undefined || next > end) break
      clock.advance(next - clock.now())
    }
    clock.advance(end - clock.now())
    await box.engine.idle()
  }
  const park = async (): Promise<void> => {
    for (let look = 0; look < 8; look++) await pass(250)
  }
  return {
    ...box,
    get engine() {
      return box.engine
    },
    restart: box.restart,
    clock,
    park,
    pass,
  }
}

async function statuses(box: Sandbox): Promise<string[]> {
  return (await box.engine.list()).map(({ id, status }) => `${id} ${status}`).toSorted()
}

describe.each(PLACES)('R7 a run that only waits, %s', (place) => {
  test('R7: is put away after a while, and executed again when its timer is due', async () => {
    const box = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const before = await step('before', () => 1)
        await ctx.sleep('30d')
        return before + (await step('after', () => 2))
      },
    })
    const run = await flow.start({}, { id: 'r', engine: box.engine })
    const result = run.result()
    await box.park()
    expect(await run.status()).toBe('waiting')
    expect(box.clock.pending).toBe(1)
    await box.pass(30 * DAY)
    expect(await result).toBe(3)
    expect(started(box.events)).toEqual(['before', 'after'])
  })

  test('R7: is put away early when more than a thousand rest, those first that have rested longest', async () => {
    const box = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async (ctx, n: number) => {
        await ctx.waitForEvent('go')
        return n
      },
    })
    const start = (from: number, to: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: to - from }, (_, at) =>
          flow.start(from + at, { id: `r-${from + at}`, engine: box.engine }),
        ),
      )
    const waiting = async (): Promise<string[]> =>
      (await box.engine.list({ status: ['waiting'] }, { limit: 2000 })).map(({ id }) => id)
    await start(0, 30)
    await box.pass(250)
    await start(30, 1020)
    await box.pass(150)
    expect(await waiting()).toEqual([]) // nobody has rested for a fifth of a second
    await box.pass(350)
    const first = await waiting()
    expect(first).toHaveLength(20)
    expect(first.every((id) => Number(id.slice(2)) < 30)).toBe(true)
    const run = flow.get(first[0] ?? '', { engine: box.engine })
    await run.signal('go')
    await box.engine.idle()
    expect(await run.result()).toBe(Number(run.id.slice(2)))
    await box.park()
    expect(await waiting()).toHaveLength(1019)
  })

  test('R7: is not put away while a function of its runs, or a timer is due soon', async () => {
    const box = await boxIn(place)
    const { promise, resolve } = Promise.withResolvers<void>()
    const flow = workflow({
      name: 'w',
      execute: async (ctx, kind: string): Promise<unknown> =>
        kind === 'step' ? await parallel([step('s', () => promise), ctx.sleep('1d')]) : await ctx.sleep('3s'),
    })
    await flow.start('step', { id: 'step', engine: box.engine })
    await flow.start('soon', { id: 'soon', engine: box.engine })
    for (let look = 0; look < 8; look++) box.clock.advance(300)
    expect(await statuses(box)).toEqual(['soon running', 'step running'])
    resolve()
    await box.park()
    expect(await statuses(box)).toEqual(['soon completed', 'step waiting'])
  })

  test('R7: waits in the branches of groups, and for the delay of a retry', async () => {
    const box = await boxIn(place)
    let calls = 0
    const flow = workflow({
      name: 'w',
      execute: (ctx) =>
        parallel([
          async () => {
            await ctx.sleep('1d')
            return await step('in a branch', () => 'slept')
          },
          race([ctx.sleep('2d'), ctx.waitForEvent<string>('e')]),
          step('flaky', () => (++calls < 3 ? Promise.reject(new Error('no')) : calls), {
            retry: { maxAttempts: 3, initialDelay: '3d', backoff: 'fixed', maxDelay: '3d', jitter: false },
          }),
        ]),
    })
    const run = await flow.start({}, { id: 'r', engine: box.engine })
    const result = run.result()
    for (let day = 0; day < 7; day++) {
      await box.park()
      if (day < 6) expect([day, await run.status()]).toEqual([day, 'waiting'])
      await box.pass(DAY)
    }
    expect(await result).toEqual(['slept', undefined, 3])
  })

  test('R7: an event wakes it, and one that was sent before is not lost', async () => {
    const box = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => [await ctx.waitForEvent('a'), await ctx.waitForEvent('b')],
    })
    const run = await flow.start({}, { id: 'r', engine: box.engine })
    const result = run.result()
    await run.signal('b', 2)
    await box.park()
    expect(await run.status()).toBe('waiting')
    await run.signal('other')
    await box.park()
    expect(await run.status()).toBe('waiting')
    await run.signal('a', 1)
    await box.engine.idle()
    expect(await result).toEqual([1, 2])
  })

  test('R7: a request to cancel it wakes it, and its code cleans up', async () => {
    const box = await boxIn(place)
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep('1d') })
    const run = await flow.start({}, { id: 'r', engine: box.engine })
    const result = run.result()
    result.catch(() => undefined)
    await box.park()
    await run.cancel('enough')
    await expect(result).rejects.toMatchObject({ code: 'CANCELLED', kind: 'run-cancelled' })
    expect(box.clock.pending).toBe(0)
  })

  test('R7 M9: a parent is put away while its children wait, and woken when one ends', async () => {
    const box = await boxIn(place)
    const child = workflow({
      name: 'child',
      execute: async (ctx, days: number) => {
        await ctx.sleep(days * DAY)
        if (days === 2) throw new RangeError('two')
        return days
      },
    })
    const flow = workflow({
      name: 'parent',
      execute: (ctx) =>
        parallel([ctx.invoke(child, 1), ctx.invoke(child, 2), ctx.invoke(child, 3)], { settle: true }),
    })
    const run = await flow.start({}, { id: 'p', engine: box.engine })
    const result = run.result()
    await box.park()
    expect(await statuses(box)).toEqual([
      'p waiting',
      'p/child waiting',
      'p/child#2 waiting',
      'p/child#3 waiting',
    ])
    for (let day = 0; day < 3; day++) {
      await box.pass(DAY)
      await box.park()
    }
    expect(await result).toMatchObject([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: { code: 'CHILD_FAILED', cause: { message: 'two' } } },
      { status: 'fulfilled', value: 3 },
    ])
  })

  test('R7: what comes due while nobody runs happens at the next start, once `resume` knows the workflow', async () => {
    const box = await boxIn(place)
    const flow = workflow({
      name: 'w',
      execute: async (ctx, days: number) => {
        await ctx.sleep(days * DAY)
        return days
      },
    })
    for (const days of [1, 3]) await flow.start(days, { id: `${days} days`, engine: box.engine })
    await box.park()
    await box.restart()
    await box.engine.list() // it is open, and looks after nothing
    await box.pass(2 * DAY)
    expect(await statuses(box)).toEqual(['1 days waiting', '3 days waiting'])
    await box.engine.resume([flow])
    await box.pass(0)
    expect(await statuses(box)).toEqual(['1 days completed', '3 days waiting'])
    await box.pass(DAY)
    expect(await statuses(box)).toEqual(['1 days completed', '3 days completed'])
  })

  test('R7: whoever asks for its result after a restart takes it up', async () => {
    const box = await boxIn(place)
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.waitForEvent<string>('e') })
    await flow.start({}, { id: 'r', engine: box.engine })
    await box.park()
    await box.restart()
    const run = flow.get('r', { engine: box.engine })
    const result = run.result()
    await box.park()
    await run.signal('e', 'sent')
    expect(await result).toBe('sent')
  })

  test('R7 R6: an engine that stops leaves waiting runs to others', async () => {
    const box = await boxIn(place)
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep('1d') })
    const run = await flow.start({}, { id: 'r', engine: box.engine })
    const result = run.result()
    result.catch(() => undefined)
    await box.park()
    await box.restart()
    await expect(result).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
    const record = await box.engine.lookUp('r')
    expect(record).toMatchObject({ status: 'waiting', owner: undefined })
  })

  test('M3 R7: a run of a workflow without a name stays in memory: nobody could find its code again', async () => {
    const box = await boxIn(place)
    const flow = workflow({ execute: (ctx) => ctx.sleep('1d') })
    const run = await flow.start({}, { id: 'r', engine: box.engine })
    await box.park()
    expect(await run.status()).toBe('running')
    await box.pass(DAY)
    expect(await run.status()).toBe('completed')
  })
})
