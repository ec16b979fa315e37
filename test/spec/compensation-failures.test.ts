/** Compensations that fail, are interrupted, or come again with a retry of their run. */
import { CompensationError, parallel, step, StepError } from 'ai-workflows'
import { beforeEach, describe, expect, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gate, quiet } from './support/gate.ts'
import { PLACES, sandbox } from './support/sandbox.ts'
import { calls, failing, flowOf, undone, work } from './support/undoable.ts'

beforeEach(() => {
  calls.length = 0
})

describe.each(PLACES)('compensation that fails, or goes on later, on %s', (place) => {
  test('one that fails is tried again: by default five times in all, with growing delays', async () => {
    const clock = new FakeClock()
    const { engine } = await sandbox(place, { clock })
    const times: number[] = []
    const flow = flowOf(async () => {
      await work('a')
      await step('b', () => 1, {
        compensate: (_result, { attempt }) => {
          times.push(clock.now())
          if (attempt < 5) throw new Error('not yet')
        },
      })
      await failing()
    })
    const run = await flow.start(undefined, { engine })
    const result = run.result().catch((error: unknown) => error)
    for (let attempt = 1; attempt < 5; attempt++) {
      while (times.length < attempt || clock.pending === 0) await quiet(1)
      await clock.advance(1000 * 2 ** (attempt - 1))
    }
    expect(await result).toBeInstanceOf(StepError)
    expect(times).toHaveLength(5)
    expect(undone()).toEqual(['undo a done'])
  })

  test('one that fails for good keeps the others from nothing, and the run fails with a CompensationError', async () => {
    const { engine } = await sandbox(place)
    const stubborn = (name: string): PromiseLike<string> =>
      step(name, () => name, {
        compensate: {
          run: () => {
            calls.push(`undo ${name}`)
            throw new TypeError(`${name} stays`)
          },
          retry: { maxAttempts: 2, initialDelay: 0 },
        },
      })
    const flow = flowOf(async () => {
      await work('a')
      await stubborn('b')
      await parallel([() => stubborn('c')])
      await failing('the reason')
    })
    const run = await flow.start(undefined, { engine })
    const error = (await run.result().catch((thrown: unknown) => thrown)) as CompensationError
    expect(error).toBeInstanceOf(CompensationError)
    expect(error.code).toBe('COMPENSATION_FAILED')
    expect(error.cause).toMatchObject({ code: 'STEP_FAILED', cause: { message: 'the reason' } })
    expect(error.failures).toMatchObject([
      {
        step: 'c',
        key: 'parallel/0/c',
        error: { code: 'STEP_FAILED', attempts: 2, cause: { message: 'c stays' } },
      },
      { step: 'b', key: 'b', error: { cause: { name: 'TypeError', message: 'b stays' } } },
    ])
    expect(error.message).toMatch(/2 steps could not be undone .*"parallel\/0\/c".*"b".*the reason/)
    expect(undone()).toEqual(['undo c', 'undo c', 'undo b', 'undo b', 'undo a done'])
    expect(await run.status()).toBe('failed')
  })

  test('a cancelled run that cannot undo everything has failed', async () => {
    const { engine } = await sandbox(place)
    const running = gate()
    const flow = flowOf(async () => {
      await step('a', () => 1, {
        compensate: { run: () => Promise.reject(new Error('stays')), retry: { maxAttempts: 1 } },
      })
      await step('b', async ({ signal }) => {
        running.open()
        throw await aborted(signal)
      })
    })
    const run = await flow.start(undefined, { engine })
    await running.promise
    await run.cancel()
    await expect(run.result()).rejects.toMatchObject({
      code: 'COMPENSATION_FAILED',
      cause: { kind: 'run-cancelled' },
    })
    expect(await run.status()).toBe('failed')
  })

  test('timeout: an attempt that takes too long is aborted and fails', async () => {
    const clock = new FakeClock()
    const { engine } = await sandbox(place, { clock })
    const running = gate()
    const flow = flowOf(async () => {
      await step('a', () => 1, {
        compensate: {
          timeout: '10s',
          run: async (_result, { signal, attempt }) => {
            if (attempt > 1) return
            running.open()
            await aborted(signal)
          },
          retry: { initialDelay: 0 },
        },
      })
      await failing()
    })
    const run = await flow.start(undefined, { engine })
    await running.promise
    await clock.armed(10_000)
    await clock.advance(10_000)
    await expect(run.result()).rejects.toBeInstanceOf(StepError)
  })

  test('R1: interrupted while it undoes, a run goes on there: what is recorded as undone is not undone again', async () => {
    const box = await sandbox(place)
    const undoing = gate()
    let interrupted = false
    const attempts: number[] = []
    const flow = flowOf(async () => {
      await work('a')
      await step('b', () => 'b', {
        compensate: async (result, { signal, attempt }) => {
          attempts.push(attempt)
          undoing.open()
          if (!interrupted) throw await aborted(signal)
          calls.push(`undo ${result}`)
        },
      })
      await work('c')
      await failing()
    })
    const first = await flow.start(undefined, { engine: box.engine, id: 'r' })
    const refused = first.result().catch(() => undefined)
    await undoing.promise
    expect(undone()).toEqual(['undo c done'])
    interrupted = true
    const engine = await box.restart()
    await refused
    const run = flow.get('r', { engine })
    await engine.resume([flow])
    await expect(run.result()).rejects.toMatchObject({ stepName: 'fails' })
    expect(undone()).toEqual(['undo c done', 'undo b', 'undo a done'])
    expect(attempts).toHaveLength(2)
  })

  test('a retried run does again what was undone, under another idempotency key, and keeps what was not', async () => {
    const box = await sandbox(place)
    const keys: string[] = []
    let mended = false
    const keyed = (name: string): PromiseLike<unknown> =>
      step(name, ({ idempotencyKey }) => keys.push(idempotencyKey), {
        compensate: (_result, { idempotencyKey }) => void keys.push(idempotencyKey),
      })
    const flow = flowOf(async () => {
      await step('not undone', () => calls.push('kept'))
      await keyed('charge')
      await step('mended', () => {
        if (!mended) throw new Error('not yet')
      })
      return 'done'
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    await expect(run.result()).rejects.toThrow('not yet')
    await run.retry()
    await expect(run.result()).rejects.toThrow('not yet')
    mended = true
    const engine = await box.restart()
    await flow.get('r', { engine }).retry()
    await expect(flow.get('r', { engine }).result()).resolves.toBe('done')
    expect(calls).toEqual(['kept'])
    expect(keys).toEqual([
      'r:charge',
      'r:charge!compensate',
      'r:charge!2',
      'r:charge!compensate!2',
      'r:charge!3',
    ])
  })

  test('a retried run keeps what could not be undone, and tries that again if it fails again', async () => {
    const { engine } = await sandbox(place)
    let stubborn = true
    const flow = flowOf(async () => {
      await step('a', () => calls.push('do a'), {
        compensate: {
          run: () => {
            calls.push('undo a')
            if (stubborn) throw new Error('stays')
          },
          retry: { maxAttempts: 1 },
        },
      })
      await failing()
    })
    const run = await flow.start(undefined, { engine })
    await expect(run.result()).rejects.toBeInstanceOf(CompensationError)
    stubborn = false
    await run.retry()
    await expect(run.result()).rejects.toBeInstanceOf(StepError)
    expect(calls).toEqual(['do a', 'undo a', 'undo a'])
  })
})
