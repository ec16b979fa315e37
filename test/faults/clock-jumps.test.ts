/**
 * A wall clock that somebody sets, a day forward or back. What only measures (timeouts of steps, graces, patience) is
 * in steady time and does not notice. Deadlines that outlive the process (sleeps, timeouts of groups and waits, delays of
 * retries) are wall-clock times: they come when the wall clock says so. Leases: test/engine/work.test.ts.
 */
import {
  createEngine,
  type EmbeddedEngine,
  type EngineOptions,
  memoryStore,
  parallel,
  step,
  workflow,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { lasting } from '../attack/support/faulty-store.ts'
import { aborted, gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'

const DAY = 86_400_000
const JUMPS = [DAY, -DAY]

function engineOver(clock: VirtualClock, store = memoryStore(), options: EngineOptions = {}): EmbeddedEngine {
  const engine = createEngine({ store, clock, log: new LogBook(), ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** Time passes, each second with its consequences, once what has begun has come to wait. */
async function pass(clock: VirtualClock, seconds: number): Promise<void> {
  await quiet(6)
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000)
    await quiet(6)
  }
}

describe.each(JUMPS)('a wall clock that is set by %i ms', (jump) => {
  const start = Date.UTC(2030, 0, 10)

  test('D6: neither cuts the timeout of a step short nor prolongs it', async () => {
    const clock = new VirtualClock(start)
    const engine = engineOver(clock)
    const began: number[] = []
    const timedOut: number[] = []
    const flow = workflow({
      name: 'w',
      execute: () =>
        step(
          's',
          async ({ signal }) => {
            began.push(clock.steady())
            await aborted(signal)
            timedOut.push(clock.steady())
          },
          { timeout: '10s', retry: { maxAttempts: 2, initialDelay: 0 } },
        ),
    })
    const run = await flow.start({}, { engine })
    const result = run.result().catch((error: unknown) => error)
    await pass(clock, 3)
    clock.jump(jump)
    await pass(clock, 8)
    clock.jump(-jump)
    await pass(clock, 11)
    expect(await result).toMatchObject({ attempts: 2, cause: { code: 'TIMEOUT' } })
    for (const [attempt, from] of began.entries()) expect((timedOut[attempt] ?? 0) - from).toBe(10_000)
  })

  test('D5, R6: changes neither the grace of a stop nor the patience of a replay', async () => {
    const clock = new VirtualClock(start)
    const store = lasting(memoryStore())
    const engine = engineOver(clock, store)
    const deaf = gate()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await step('recorded', () => 1)
        await step('deaf', () => deaf.pass())
      },
    })
    await flow.start({}, { engine, id: 'r' })
    await deaf.reached
    let stopped = false
    const stopping = engine.stop({ grace: '10s' }).then(() => (stopped = true))
    await pass(clock, 3)
    clock.jump(jump)
    await pass(clock, 6)
    expect(stopped).toBe(false)
    await pass(clock, 1)
    await stopping

    const later = engineOver(clock, store, { patience: '10s' })
    const changed = workflow({ name: 'w', execute: () => new Promise(() => undefined) })
    const run = await changed.start({}, { engine: later, id: 'r' })
    await pass(clock, 3)
    clock.jump(jump)
    await pass(clock, 6)
    expect(await run.status()).toBe('running')
    await pass(clock, 2)
    expect(await run.status()).toBe('blocked')
  })

  test('D6, R7: deadlines come when the wall clock says so, each once, in memory and parked', async () => {
    for (const parkAfter of ['1s', '1w'] as const) {
      const clock = new VirtualClock(start)
      const engine = engineOver(clock, memoryStore(), { parkAfter })
      let attempts = 0
      const flow = workflow({
        name: 'w',
        execute: (ctx) =>
          parallel([
            ctx.sleep('1h'),
            parallel([ctx.sleep('1w')], { timeout: '1h', timeoutValue: 'late' }),
            ctx.waitForEvent('never', { timeout: '1h', timeoutValue: 'nobody' }),
            step('s', () => (++attempts === 1 ? Promise.reject(new Error('again')) : attempts), {
              retry: { initialDelay: '1h', maxDelay: '1h', jitter: false },
            }),
          ]),
      })
      const run = await flow.start({}, { engine })
      const result = run.result()
      await pass(clock, 10)
      clock.jump(jump)
      await pass(clock, 5)
      expect(await run.status()).toBe(jump > 0 ? 'completed' : parkAfter === '1s' ? 'waiting' : 'running')
      const left = start + 3_600_000 - clock.now()
      if (jump < 0) {
        clock.advance(left - 1000)
        await quiet()
        expect(['waiting', 'running']).toContain(await run.status())
        await pass(clock, 3)
      }
      expect(await result).toEqual([undefined, 'late', 'nobody', 2])
      expect(attempts).toBe(2)
      expect(clock.pending).toBe(0)
    }
  })
})

const WRONG: readonly unknown[] = [
  -1,
  '-1s',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '69y',
  '3600w',
  2.3e12,
  null,
  {},
]

test.each(['lease', 'heartbeat', 'parkAfter', 'patience'] as const)(
  'E7: createEngine refuses a %s that is no duration',
  (option) => {
    for (const wrong of WRONG) expect(() => createEngine({ [option]: wrong })).toThrow(TypeError)
  },
)

test('E7: so do stop and the SQLite store', async () => {
  for (const wrong of WRONG) {
    await expect(createEngine().stop({ grace: wrong as never })).rejects.toThrow(TypeError)
    await expect(sqliteStore({ dir: 'nowhere', lockTimeout: wrong as never })).rejects.toThrow(TypeError)
  }
})
