/** `step(…, { compensate })`: what a run did is undone when the run fails. */
import {
  type CancelledError,
  type CompensationContext,
  parallel,
  race,
  step,
  StepError,
  workflow,
} from 'ai-workflows'
import { beforeEach, describe, expect, test } from 'vitest'
import { aborted, gate, quiet } from './support/gate.ts'
import { ended, PLACES, sandbox, started } from './support/sandbox.ts'
import { calls, failing, flowOf, undone, work } from './support/undoable.ts'

beforeEach(() => {
  calls.length = 0
})

describe.each(PLACES)('compensation on %s', (place) => {
  test('when the run fails, completed steps are undone one at a time, the last one first, and it fails as before', async () => {
    const { engine } = await sandbox(place)
    let running = 0
    const undo = async (name: string): Promise<void> => {
      expect(++running).toBe(1)
      await quiet(2)
      running--
      calls.push(`undo ${name}`)
    }
    const flow = flowOf(async () => {
      for (const name of ['a', 'b', 'c']) await step(name, () => name, { compensate: undo })
      await step('cannot be undone', () => 1)
      await failing()
    })
    const run = await flow.start(undefined, { engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED', stepName: 'fails' })
    expect(calls).toEqual(['undo c', 'undo b', 'undo a'])
    expect(await run.status()).toBe('failed')
    const { journal } = await engine.inspect(run.id)
    const keys = journal.map(({ completion: { key } }) => key)
    expect(keys.filter((key) => key.endsWith('!compensate') && key.length > 11)).toEqual([
      'c!compensate',
      'b!compensate',
      'a!compensate',
    ])
  })

  test('a run that is cancelled undoes what it did, out of reach of its cancellation, and ends as cancelled', async () => {
    const { engine } = await sandbox(place)
    const running = gate()
    const reasons: unknown[] = []
    const flow = flowOf(async () => {
      await step('a', () => 1, {
        compensate: async (result, { signal, error }) => {
          await quiet(2)
          reasons.push(result, signal.aborted, (error as CancelledError).kind)
        },
      })
      await step('b', async ({ signal }) => {
        running.open()
        throw await aborted(signal)
      })
    })
    const run = await flow.start(undefined, { engine })
    await running.promise
    await run.cancel('enough')
    await expect(run.result()).rejects.toMatchObject({ kind: 'run-cancelled', cause: 'enough' })
    expect(reasons).toEqual([1, false, 'run-cancelled'])
    expect(await run.status()).toBe('cancelled')
  })

  test('a cancel request that comes while it undoes changes nothing', async () => {
    const { engine } = await sandbox(place)
    const undoing = gate()
    const flow = flowOf(async () => {
      await work('a')
      await step('b', () => 1, { compensate: () => undoing.pass() })
      await failing()
    })
    const run = await flow.start(undefined, { engine })
    await undoing.reached
    await run.cancel()
    while (!(await engine.inspect(run.id)).journal.some(({ completion: { key } }) => key === '!cancel'))
      await quiet(1)
    undoing.open()
    await expect(run.result()).rejects.toBeInstanceOf(StepError)
    expect(await run.status()).toBe('failed')
    expect(calls).toEqual(['do a', 'undo a done'])
  })

  test('nothing is undone when `execute` deals with the failure and returns, also after a cancellation', async () => {
    const { engine } = await sandbox(place)
    const running = gate()
    const flow = flowOf(async () => {
      await work('a')
      await failing().catch(() => undefined)
      await step('waits', async ({ signal }) => {
        running.open()
        throw await aborted(signal)
      }).catch(() => undefined)
      return 'settled otherwise'
    })
    const run = await flow.start(undefined, { engine })
    await running.promise
    await run.cancel()
    await expect(run.result()).resolves.toBe('settled otherwise')
    expect(undone()).toEqual([])
  })

  test('steps in branches, nested groups and a plain Promise.all are undone, in the order of the journal', async () => {
    const { engine } = await sandbox(place)
    const flow = flowOf(async () => {
      await parallel([
        work('one'),
        async () => {
          await work('two')
          await parallel({ deep: () => parallel([work('three')]) })
        },
      ])
      await Promise.all([work('four'), work('five')])
      await failing()
    })
    const run = await flow.start(undefined, { engine })
    await expect(run.result()).rejects.toBeInstanceOf(StepError)
    const { journal } = await engine.inspect(run.id)
    const done = journal.flatMap(({ completion: { key } }) => (key.includes('!') ? [] : [key]))
    const after = journal.flatMap(({ completion: { key } }) => /^(.+)!compensate$/.exec(key)?.[1] ?? [])
    expect(after).toEqual(done.filter((key) => key !== 'fails').toReversed())
    expect(after).toHaveLength(5)
  })

  test('a step whose success came too late for its group is undone; one that never completed is not', async () => {
    const box = await sandbox(place)
    const [go, never] = [gate(), gate()]
    const flow = flowOf(async () => {
      // Both end in one turn, so both are recorded, and only the first counts.
      await race([work('first', go.pass()), work('second', go.pass())])
      await race([step('quick', () => 1), work('given up', never.promise)])
      await failing()
    })
    const run = await flow.start(undefined, { engine: box.engine })
    await go.reached
    go.open()
    await expect(run.result()).rejects.toBeInstanceOf(StepError)
    expect(undone()).toEqual(['undo second done', 'undo first done'])
    never.open()
  })

  test('what `execute` left running when it failed is cancelled first, and not undone', async () => {
    const { engine } = await sandbox(place)
    const [running, reason] = [gate(), gate<unknown>()]
    const flow = flowOf(async () => {
      await work('a')
      const left = step(
        'left',
        async ({ signal }) => {
          running.open()
          reason.open(await aborted(signal))
        },
        { compensate: () => void calls.push('undo left') },
      )
      await Promise.all([
        left,
        step('bad', () => running.promise.then(() => Promise.reject(new Error('bad')))),
      ])
    })
    await expect(flow.run(undefined, { engine })).rejects.toMatchObject({ stepName: 'bad' })
    expect(await reason.promise).toMatchObject({ kind: 'run-ended' })
    expect(undone()).toEqual(['undo a done'])
  })

  test('open sections end first: steps of a finally are undone like others', async () => {
    const { engine } = await sandbox(place)
    const flow = flowOf(async (ctx) => {
      try {
        await work('a')
        await failing()
      } finally {
        void ctx.uncancellable(() => work('in a section'))
      }
    })
    await expect(flow.run(undefined, { engine })).rejects.toBeInstanceOf(StepError)
    expect(undone()).toEqual(['undo in a section done', 'undo a done'])
  })

  test('an output that is refused, or cannot be stored, fails the run, and what it did is undone', async () => {
    const { engine } = await sandbox(place)
    const flow = flowOf(async () => {
      await work('a')
      return () => 'a function'
    })
    await expect(flow.run(undefined, { engine })).rejects.toMatchObject({ code: 'SERIALIZATION' })
    expect(undone()).toEqual(['undo a done'])
  })

  test('it is given the recorded result, an idempotency key of its own, and why', async () => {
    const { engine } = await sandbox(place)
    const given: [unknown, Pick<CompensationContext, 'attempt' | 'idempotencyKey' | 'error'>][] = []
    const undo = (result: unknown, { attempt, idempotencyKey, error }: CompensationContext): object => {
      given.push([result, { attempt, idempotencyKey, error }])
      return { returns: () => 'something that cannot be stored' }
    }
    const flow = flowOf(async () => {
      const when = await step('when', () => new Date(5), { compensate: undo })
      when.setTime(0)
      await parallel([() => step('own', () => 2, { compensate: { run: undo }, idempotencyKey: 'order 7' })])
      throw new RangeError('why')
    })
    const run = await flow.start(undefined, { engine, id: 'r' })
    await expect(run.result()).rejects.toThrow('why')
    const error = expect.objectContaining({ name: 'RangeError', message: 'why' }) as unknown
    expect(given).toEqual([
      [2, { attempt: 1, idempotencyKey: 'order 7!compensate', error }],
      [new Date(5), { attempt: 1, idempotencyKey: 'r:when!compensate', error }],
    ])
  })

  test('a child that fails undoes its own; one that completed is undone by its parent', async () => {
    const { engine } = await sandbox(place)
    const child = workflow({
      name: 'child',
      execute: async (_ctx, fails: boolean) => {
        await work('of the child')
        if (fails) await failing()
        return 'child done'
      },
    })
    const flow = flowOf(async (ctx) => {
      await work('first')
      const booked = await ctx.invoke(child, false)
      await step('booked', () => booked, { compensate: (result) => void calls.push(`undo ${result}`) })
      await ctx.invoke(child, true)
    })
    await expect(flow.run(undefined, { engine })).rejects.toMatchObject({ code: 'CHILD_FAILED' })
    expect(undone()).toEqual(['undo of the child done', 'undo child done', 'undo first done'])
  })

  test('compensations are operations to those who watch', async () => {
    const box = await sandbox(place)
    const flow = flowOf(async () => {
      await work('a')
      await failing()
    })
    await flow.run(undefined, { engine: box.engine }).catch(() => undefined)
    await ended(box, 'a!compensate')
    expect(started(box.events)).toEqual(['a', 'fails', 'a!compensate'])
  })
})

describe('compensate elsewhere', () => {
  test('M7: outside of a workflow there is no run that fails, and nothing is undone', async () => {
    await expect(parallel([work('a'), failing()])).rejects.toBeInstanceOf(StepError)
    expect(undone()).toEqual([])
  })

  test.each<[string, unknown, RegExp]>([
    [
      'a string',
      'undo',
      /step\("a"\) option "compensate": expected a function, or \{ run, retry, timeout \}, got "undo"/,
    ],
    ['an array', [], /expected a function, or/],
    ['without run', { retry: {} }, /option "compensate", its "run": expected a function, got undefined/],
    ['an unknown option', { run() {}, retri: {} }, /unknown option "retri"; did you mean "retry"/],
    ['a bad timeout', { run() {}, timeout: -1 }, /timeout/],
    ['a bad retry', { run() {}, retry: { maxAttempts: 0 } }, /maxAttempts/],
  ])('E7: %s is a TypeError at the call', (_what, compensate, message) => {
    const call = (): unknown => step('a', () => 1, { compensate: compensate as never })
    expect(call).toThrow(TypeError)
    expect(call).toThrow(message)
  })
})
