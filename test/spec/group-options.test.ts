/** Options that all groups have: `onProgress` (of `parallel`), `signal` and `name`. */
import {
  any,
  CancelledError,
  type GroupCounts,
  type Operation,
  parallel,
  race,
  step,
  type StepContext,
  workflow,
} from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { aborted, gate, gates, quiet } from './support/gate.ts'
import { LogBook, PLACES, sandbox, started } from './support/sandbox.ts'
import { WAYS } from './support/ways.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe.each(WAYS)('onProgress, %s', (_, within) => {
  test('M6: it is called where the group is, not in the step that begins next', async () => {
    const log = new LogBook()
    const results = await within(
      async () => {
        const noted: Operation<string>[] = []
        const branches = [1, 2, 3].map((i) => step(`s${i}`, () => i))
        const onProgress = ({ completed }: GroupCounts): void =>
          void noted.push(step(`noted ${completed}`, () => `after ${completed}`))
        await parallel(branches, { concurrency: 1, onProgress })
        return await parallel(noted)
      },
      { log },
    )
    expect(results).toEqual(['after 1', 'after 2', 'after 3'])
    expect(log.lines).toEqual([])
  })

  test('is called after every branch with the counts at that time', async () => {
    const door = gates()
    const seen: unknown[] = []
    await within(async () => {
      const group = parallel(
        ['a', 'b', 'c', 'd'].map((name) => step(name, () => door(name).pass())),
        { concurrency: 2, settle: true, onProgress: (counts) => seen.push(counts) },
      )
      const done = group.then(() => undefined)
      for (const name of ['a', 'b', 'c', 'd']) {
        await door(name).reached
        if (name === 'c') door(name).fail(new Error(name))
        else door(name).open()
      }
      await done
    })
    expect(seen).toEqual([
      { total: 4, completed: 1, failed: 0, running: 1 },
      { total: 4, completed: 2, failed: 0, running: 1 },
      { total: 4, completed: 2, failed: 1, running: 1 },
      { total: 4, completed: 3, failed: 1, running: 0 },
    ])
  })

  test('what it throws is logged, and changes nothing', async () => {
    const log = new LogBook()
    const results = await within(
      async () =>
        await parallel([() => 1, step('a', () => 2)], {
          name: 'tracked',
          onProgress: () => {
            throw new Error('from onProgress')
          },
        }),
      { log },
    )
    expect(results).toEqual([1, 2])
    expect(log.lines).toHaveLength(2)
    expect(log.lines[0]).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/onProgress of parallel "tracked" threw/) as string,
      fields: { error: { message: 'from onProgress' } },
    })
  })

  test('what it rejects with is logged as well', async () => {
    const rejecting: unknown = () => Promise.reject(new Error('from onProgress'))
    const log = new LogBook()
    const results = await within(
      async () =>
        await parallel([() => 1], {
          onProgress: rejecting as () => void,
        }),
      { log },
    )
    await quiet()
    expect(results).toEqual([1])
    expect(log.messages('warn')).toEqual([expect.stringMatching(/onProgress of parallel "parallel" threw/)])
  })

  test('is not called any more when the group has ended', async () => {
    const calls: unknown[] = []
    const slow = gate()
    await within(async () => {
      const shared = step('shared', () => slow.pass())
      const mine = shared.then(() => undefined)
      await parallel([shared, () => Promise.reject(new Error('bad'))], {
        onProgress: (counts) => calls.push(counts),
      }).catch(() => undefined)
      await slow.reached
      slow.open()
      await mine
    })
    expect(calls).toEqual([{ total: 2, completed: 0, failed: 1, running: 1 }])
  })
})

describe.each(WAYS)('signal, %s', (_, within) => {
  const kinds = { parallel, race, any } as Readonly<Record<string, typeof race>>

  test.each(Object.entries(kinds))('%s: aborted before the start: nothing begins', async (_, group) => {
    const ran: string[] = []
    const error: unknown = await within(
      async () =>
        await group([step('a', () => ran.push('a')), () => ran.push('b')], {
          signal: AbortSignal.abort(new Error('no')),
        }).catch((thrown: unknown) => thrown),
    )
    expect(error).toBeInstanceOf(CancelledError)
    expect(error).toMatchObject({ kind: 'aborted', cause: { message: 'no' } })
    await quiet()
    expect(ran).toEqual([])
  })

  test.each(Object.entries(kinds))(
    '%s: aborted later: branches are cancelled, and it rejects',
    async (_, group) => {
      const controller = new AbortController()
      const running = gate()
      const reason = gate<unknown>()
      const waits = async ({ signal }: StepContext): Promise<void> => {
        running.open()
        reason.open(await aborted(signal))
        signal.throwIfAborted()
      }
      const done = within(
        async () =>
          await group([step('a', waits), never], { signal: controller.signal }).catch(
            (error: unknown) => error,
          ),
      )
      await running.promise
      controller.abort('enough')
      const error = await done
      expect(error).toMatchObject({ code: 'CANCELLED', kind: 'aborted', cause: 'enough' })
      expect(await reason.promise).toMatchObject({ kind: 'aborted', cause: 'enough' })
    },
  )

  test('also with settle and with a timeoutValue: an abort is not a result', async () => {
    const error: unknown = await within(
      async () =>
        await parallel([never], {
          settle: true,
          timeout: '1h',
          timeoutValue: 'partial',
          signal: AbortSignal.abort('no'),
        }).catch((reason: unknown) => reason),
    )
    expect(error).toMatchObject({ code: 'CANCELLED', kind: 'aborted', cause: 'no' })
  })

  test('aborted after the end: nothing happens', async () => {
    const controller = new AbortController()
    const results = await within(async () => {
      const all = await parallel([() => 1], { signal: controller.signal })
      controller.abort()
      await quiet()
      return all
    })
    expect(results).toEqual([1])
  })

  test('a group lets go of the signal when it ends', async () => {
    const controller = new AbortController()
    let listening = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void
    const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void
    signal.addEventListener = (...args: unknown[]) => (listening++, add(...args))
    signal.removeEventListener = (...args: unknown[]) => (listening--, remove(...args))
    await within(async () => {
      await parallel([() => 1, step('a', () => 2)], { signal })
      await race([() => 1, never], { signal })
      await parallel([() => Promise.reject(new Error('bad')), never], { signal }).catch(() => undefined)
    })
    expect(listening).toBe(0)
  })
})

describe.each(PLACES)('signal and name on %s', (place) => {
  test('an abort is in the journal: a replay without it ends the same', async () => {
    const box = await sandbox(place)
    const controller = new AbortController()
    let signal = controller.signal
    const [running, last] = [gate(), gate()]
    const flow = workflow({
      name: 'aborted',
      execute: async () => {
        const outcome: unknown = await parallel([step('a', () => (running.open(), never()))], {
          signal,
        }).catch((error: unknown) => error)
        await step('last', () => last.pass())
        return outcome
      },
    })
    await flow.start(undefined, { engine: box.engine, id: 'x' })
    await running.promise
    controller.abort(new RangeError('from outside'))
    await last.reached
    signal = new AbortController().signal
    await box.restart()
    last.open()
    const outcome = await flow.run(undefined, { engine: box.engine, id: 'x' })
    expect(outcome).toMatchObject({ kind: 'aborted', cause: { message: 'from outside' } })
    expect((outcome as Error).cause).toBeInstanceOf(RangeError)
    expect(started(box.events)).toEqual(['a', 'last', 'last'])
  })

  test('a name is what the group is called in the journal and on the timeline', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'named',
      execute: async () => {
        await parallel([async () => await step('a', () => 1)], { name: 'enrich' })
        await race({ one: async () => await step('b', () => 1) }, { name: 'fetch' })
        await parallel([step('c', () => 1)])
      },
    })
    await flow.run(undefined, { engine: box.engine, id: 'x' })
    const { journal } = await box.engine.inspect('x')
    expect(journal.map(({ completion }) => completion.key)).toEqual(['enrich/0/a', 'fetch/one/b', 'c'])
    const groups = new Set(
      box.events.flatMap((event) => (event.kind === 'group.progress' ? [event.key] : [])),
    )
    expect([...groups]).toEqual(['enrich', 'fetch', 'parallel'])
  })

  test('E5: of several failures the first in journal order is thrown; the others are in the journal', async () => {
    const box = await sandbox(place)
    const door = gates()
    const flow = workflow({
      name: 'several',
      execute: async () => await parallel(['a', 'b', 'c'].map((name) => step(name, () => door(name).pass()))),
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    await Promise.all(['a', 'b', 'c'].map((name) => door(name).reached))
    for (const name of ['c', 'a', 'b']) door(name).fail(new Error(name))
    await expect(run.result()).rejects.toMatchObject({ stepName: 'c' })
    const { journal } = await box.engine.inspect('x')
    expect(journal.map(({ completion }) => [completion.kind, completion.key])).toEqual([
      ['step-failed', 'c'],
      ['step-failed', 'a'],
      ['step-failed', 'b'],
    ])
    await box.restart()
    await expect(flow.run(undefined, { engine: box.engine, id: 'x' })).rejects.toMatchObject({
      stepName: 'c',
    })
  })
})
