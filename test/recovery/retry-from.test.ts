/** `retry({ fromStep })`: a run is done anew from one of its operations on, and what was recorded before is kept. */
import { parallel, race, step, StepNotFoundError, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { gate, quiet } from '../spec/support/gate.ts'
import { PLACES, sandbox } from '../spec/support/sandbox.ts'
import { Calls, sequence } from './support.ts'

describe.each(PLACES)('retry({ fromStep }) over %s', (where) => {
  test('of a completed run does that step and everything after it again', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const run = await sequence(calls, 'a', 'b', 'c', 'd').start(null, { id: 'r', engine })
    await run.result()
    calls.take()
    await run.retry({ fromStep: 'c' })
    expect(await run.result()).toEqual(['a 1', 'b 1', 'c 1', 'd 1'])
    expect(calls.take()).toEqual(['c', 'd'])
    await run.retry({ fromStep: 'a' })
    await run.result()
    expect(calls.take()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('of a failed run: from the step that failed, or from one before it', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    calls.broken.add('c')
    const run = await sequence(calls, 'a', 'b', 'c', 'd').start(null, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    calls.take()
    await run.retry({ fromStep: 'c' })
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    expect(calls.take()).toEqual(['c'])
    calls.broken.clear()
    await run.retry({ fromStep: 'b' })
    await run.result()
    expect(calls.take()).toEqual(['b', 'c', 'd'])
  })

  test('what was to be done anew stays so over later retries and restarts, and nothing older comes back', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    const flow = sequence(calls, 'a', 'b', 'c', 'd')
    const run = await flow.start(null, { id: 'r', engine: box.engine })
    await run.result()
    calls.broken.add('c')
    await run.retry({ fromStep: 'b' })
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
    calls.take()
    // The first order had a `c` and a `d` that succeeded: they were dropped.
    for (let time = 0; time < 3; time++) {
      const again = flow.get('r', { engine: await box.restart() })
      await again.retry()
      await expect(again.result()).rejects.toMatchObject({ code: 'STEP_FAILED' })
      expect(calls.take()).toEqual(['c'])
    }
    calls.broken.clear()
    const last = flow.get('r', { engine: await box.restart() })
    await last.retry()
    await last.result()
    expect(calls.take()).toEqual(['c', 'd'])
  })

  test('a retry that was cut off before its step is reached goes on where it was', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    const held = gate()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const a = await calls.step('a')
        const b = await step('b', async () => {
          const result = calls.call('b')
          if (calls.count('b') > 1) await held.pass()
          return result
        })
        return [a, b, await calls.step('c')]
      },
    })
    const run = await flow.start(null, { id: 'r', engine: box.engine })
    await run.result()
    await run.retry({ fromStep: 'b' })
    await held.reached
    const engine = await box.restart()
    held.open()
    expect(await (await flow.start(null, { id: 'r', engine })).result()).toEqual(['a 1', 'b 3', 'c 2'])
    expect(calls.names).toEqual(['a', 'b', 'c', 'b', 'b', 'c'])
  })

  test('of a run whose last retry came less far than the one before: the order is that of the code, not of the journal', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    calls.broken.add('d')
    const held = gate()
    let stops = false
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        await calls.step('a')
        if (stops) {
          held.pass().catch(() => undefined)
          await ctx.waitForEvent('go')
        }
        for (const name of ['b', 'c', 'd']) await calls.step(name)
      },
    })
    const run = await flow.start(null, { id: 'r', engine: box.engine })
    await expect(run.result()).rejects.toThrow('d is broken')
    stops = true
    await run.retry()
    await held.reached
    await run.cancel()
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED' })
    stops = false
    calls.broken.clear()
    calls.take()
    // The journal ends with `a` of the second order; `b` and `c` of the first are after it all the same.
    const fork = await run.fork({ fromStep: 'a' })
    await fork.result()
    expect(calls.take()).toEqual(['a', 'b', 'c', 'd'])
    await run.retry({ fromStep: 'b' })
    await run.result()
    expect(calls.take()).toEqual(['b', 'c', 'd'])
  })

  test('of a key that the run has not recorded: an error that names near ones, and nothing is changed', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        await calls.step('charge')
        await parallel([() => calls.step('extract'), () => calls.step('extract')])
      },
    })
    const run = await flow.start(null, { id: 'r', engine })
    await run.result()
    const before = await engine.inspect('r')
    const error: unknown = await run.retry({ fromStep: 'chrge' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StepNotFoundError)
    expect(error).toMatchObject({ code: 'STEP_NOT_FOUND', key: 'chrge', runId: 'r', near: ['charge'] })
    expect((error as Error).message).toContain('did you mean "charge"?')
    await expect(run.retry({ fromStep: 'extract' })).rejects.toThrow(
      'did you mean "parallel/0/extract" or "parallel/1/extract"?',
    )
    await expect(run.retry({ fromStep: 'ship' })).rejects.toThrow(
      'it has recorded "charge", "parallel/0/extract"',
    )
    await expect(run.retry({ fromStep: '!cancel' })).rejects.toMatchObject({ code: 'STEP_NOT_FOUND' })
    expect(await engine.inspect('r')).toEqual(before)
  })

  test('a sleep and an event can be the step; an event after it is delivered again, in its turn', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const first = await ctx.waitForEvent<number>('e')
        await ctx.sleep(1)
        await calls.step('s')
        return [first, await ctx.waitForEvent<number>('e'), await ctx.waitForEvent<number>('e')]
      },
    })
    const run = await flow.start(null, { id: 'r', engine })
    for (const n of [1, 2, 3]) await run.signal('e', n)
    expect(await run.result()).toEqual([1, 2, 3])
    for (const fromStep of ['sleep', 'event:e', 'event:e#2', 's', 'event:e#3', 'event:e']) {
      await run.retry({ fromStep })
      expect(await run.result()).toEqual([1, 2, 3])
    }
    expect(calls.count('s')).toBe(5)
  })

  test('a child after it is a new run, with the input it has now; a child before it is not executed again', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const child = workflow({
      name: 'child',
      execute: async (_ctx, input: string) => `${input}: ${await calls.step('inner')}`,
    })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => [
        await ctx.invoke(child, 'fixed'),
        await ctx.invoke(child, await calls.step('input'), { id: 'named' }),
      ],
    })
    const run = await flow.start(null, { id: 'r', engine })
    expect(await run.result()).toEqual(['fixed: inner 1', 'input 1: inner 2'])
    await run.retry({ fromStep: 'input' })
    expect(await run.result()).toEqual(['fixed: inner 1', 'input 2: inner 3'])
    const children = await engine.list({ parent: 'r' })
    expect(children.map(({ id }) => id)).toEqual(['named~2', 'named', 'r/child'])
    expect(await engine.find('named').result()).toBe('input 1: inner 2')
    await run.retry({ fromStep: 'child' })
    expect(await run.result()).toEqual(['fixed: inner 4', 'input 3: inner 5'])
    expect((await engine.list({ parent: 'r' })).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['r/child~3', 'named~3']),
    )
  })

  test('a child that is done anew and fails is then retried from where it was, like any other', async () => {
    const { engine } = await sandbox(where)
    const calls = new Calls()
    const child = workflow({
      name: 'child',
      execute: async () => [await calls.step('first'), await calls.step('second')],
    })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => [await calls.step('a'), await ctx.invoke(child, null)],
    })
    const run = await flow.start(null, { id: 'r', engine })
    await run.result()
    calls.broken.add('second')
    await run.retry({ fromStep: 'a' })
    await expect(run.result()).rejects.toMatchObject({ code: 'CHILD_FAILED', runId: 'r/child~2' })
    calls.broken.clear()
    calls.take()
    await run.retry()
    await run.result()
    expect(calls.take()).toEqual(['second'])
  })
})

describe('retry', () => {
  test('of a failed fan-out of 1,000 with 3 failures executes exactly 3 functions', async () => {
    const box = await sandbox('sqlite')
    const calls = new Calls()
    for (const n of [0, 499, 999]) calls.broken.add(`item-${n}`)
    const flow = workflow({
      name: 'fan-out',
      execute: async () => {
        const items = Array.from({ length: 1000 }, (_, n) => calls.step(`item-${n}`))
        const results = await parallel(items, { settle: true, concurrency: 50 })
        const failed = results.filter(({ status }) => status === 'rejected').length
        if (failed > 0) throw new Error(`${failed} failed`)
        return results.length
      },
    })
    const run = await flow.start(undefined, { id: 'r', engine: box.engine })
    await expect(run.result()).rejects.toThrow('3 failed')
    expect(calls.take()).toHaveLength(1000)
    calls.broken.clear()
    const again = flow.get('r', { engine: await box.restart() })
    await again.retry()
    expect(await again.result()).toBe(1000)
    expect(calls.take()).toEqual(['item-0', 'item-499', 'item-999'])
  })

  test('a race before the step has the winner it had, and its losers are not started again', async () => {
    const { engine } = await sandbox()
    const calls = new Calls()
    const slow = gate<string>()
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const winner = await race({
          slow: step('slow', () => {
            calls.call('slow')
            return slow.pass()
          }),
          // Several steps long, so that the loser would have time to win.
          quick: async () => [await calls.step('q1'), await calls.step('q2'), await calls.step('q3')],
        })
        return [winner.winner, await calls.step('after')]
      },
    })
    const run = await flow.start(null, { id: 'r', engine })
    expect(await run.result()).toEqual(['quick', 'after 1'])
    slow.open('too late')
    await run.retry({ fromStep: 'after' })
    expect(await run.result()).toEqual(['quick', 'after 2'])
    expect(calls.count('slow')).toBe(1)
  })

  test('operations that are asked for together are answered in the order in which they ended', async () => {
    const box = await sandbox()
    const gates = { a: gate<string>(), b: gate<string>() }
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const ended: string[] = []
        await parallel(
          (['a', 'b'] as const).map((name) => async () => {
            ended.push(await step(name, () => gates[name].pass()))
          }),
        )
        return [...ended, await step('last', () => 'last')]
      },
    })
    const run = await flow.start(null, { id: 'r', engine: box.engine })
    await gates.a.reached
    gates.b.open('b')
    await quiet()
    gates.a.open('a')
    expect(await run.result()).toEqual(['b', 'a', 'last'])
    await run.retry({ fromStep: 'last' })
    expect(await run.result()).toEqual(['b', 'a', 'last'])
  })

  test('fromStep of a run that is under way, or unfinished, is refused', async () => {
    const box = await sandbox()
    const held = gate<string>()
    const flow = workflow({
      name: 'w',
      execute: async () => [await step('a', () => 'a'), await step('b', () => held.pass())],
    })
    const run = await flow.start(null, { id: 'r', engine: box.engine })
    await held.reached
    await expect(run.retry({ fromStep: 'a' })).rejects.toMatchObject({ code: 'RUN_CONFLICT' })
    const engine = await box.restart()
    await expect(engine.find('r').retry({ fromStep: 'a' })).rejects.toThrow('go on with it or cancel it')
    held.open('b')
    expect(await flow.get('r', { engine }).result()).toEqual(['a', 'b'])
  })

  test('of two callers at once one retries from its step, and the other is told', async () => {
    const { engine } = await sandbox('sqlite')
    const calls = new Calls()
    const run = await sequence(calls, 'a', 'b').start(null, { id: 'r', engine })
    await run.result()
    const both = await Promise.allSettled([run.retry({ fromStep: 'b' }), run.retry({ fromStep: 'b' })])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await run.result()
    expect(calls.names).toEqual(['a', 'b', 'b'])
  })

  test('E7: bad options are refused at the call', async () => {
    const { engine } = await sandbox()
    const run = await sequence(new Calls(), 'a').start(null, { id: 'r', engine })
    await run.result()
    await expect(run.retry({ from: 'a' } as object)).rejects.toThrow(TypeError)
    await expect(run.retry({ fromstep: 'a' } as object)).rejects.toThrow('did you mean "fromStep"?')
    await expect(run.retry({ fromStep: '' })).rejects.toThrow('expected the key of an operation')
    await expect(run.retry({ fromStep: 7 } as never)).rejects.toThrow('retry() option "fromStep"')
    await expect(run.retry()).rejects.toThrow('has completed')
  })
})
