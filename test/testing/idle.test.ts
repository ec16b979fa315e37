/** `waitUntilIdle` and `advance`: a workflow of thirty days, in milliseconds. */
import { createEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import { advance, mockSteps, VirtualClock, waitUntilIdle } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

const DAY = 86_400_000

function world(): { clock: VirtualClock; engine: ReturnType<typeof createEngine> } {
  const clock = new VirtualClock(Date.UTC(2030, 0, 1))
  const engine = createEngine({ store: memoryStore(), clock })
  onTestFinished(async () => await engine.stop())
  return { clock, engine }
}

const month = workflow({
  name: 'month',
  execute: async (ctx, name: string) => {
    const days: number[] = []
    for (let day = 1; day <= 30; day++) {
      days.push(await step('remind', () => day))
      await ctx.sleep('1d')
    }
    return `${name}: ${days.length} reminders until ${new Date(ctx.now()).toISOString()}`
  },
})

describe('advance', () => {
  test('R7: thirty days of sleeping pass at once, and nothing happens before its time', async () => {
    const { clock, engine } = world()
    using mocks = mockSteps({ remind: () => 1 })
    const run = await month.start('ada', { engine })
    await waitUntilIdle(engine)
    expect(mocks.calls('remind')).toHaveLength(1)
    await advance(engine, clock, '29d')
    expect(mocks.calls('remind')).toHaveLength(30)
    await advance(engine, clock, DAY - 1)
    expect(['running', 'waiting']).toContain(await run.status())
    await advance(engine, clock, 1)
    expect(await run.status()).toBe('completed')
    expect(await run.result()).toBe('ada: 30 reminders until 2030-01-31T00:00:00.000Z')
  })

  test('retries, timeouts and branches fire in their turn', async () => {
    const { clock, engine } = world()
    const flow = workflow({
      name: 'turns',
      execute: async (ctx) =>
        await parallel(
          [
            step('flaky', () => 'own', { retry: { maxAttempts: 4, initialDelay: '1h', backoff: 'fixed' } }),
            step('stuck', () => 'own', { timeout: '2d' }),
            async () => {
              await ctx.sleep('3d')
              return ctx.now()
            },
          ],
          { settle: true },
        ),
    })
    using mocks = mockSteps({
      flaky: ({ attempt }) => {
        if (attempt < 4) throw new Error('not yet')
        return `attempt ${attempt}`
      },
      stuck: async ({ signal }) => {
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        )
      },
    })
    const run = await flow.start(null, { engine })
    await advance(engine, clock, '2d')
    expect(mocks.calls('flaky').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
    await advance(engine, clock, '1d')
    expect(await run.result()).toMatchObject([
      { status: 'fulfilled', value: 'attempt 4' },
      { status: 'rejected', reason: { cause: { code: 'TIMEOUT' } } },
      { status: 'fulfilled', value: Date.UTC(2030, 0, 4) },
    ])
  })

  test('E7: bad arguments are refused at the call', async () => {
    const { clock, engine } = world()
    await expect(waitUntilIdle({} as never)).rejects.toThrow(
      'waitUntilIdle() engine: expected an object with idle()',
    )
    await expect(advance(engine, {} as never, '1d')).rejects.toThrow(
      'expected the VirtualClock of the engine',
    )
    await expect(advance(engine, clock, '1 month' as never)).rejects.toThrow('advance() duration')
  })
})
