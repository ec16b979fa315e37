/** D1 to D5 and R1: what a replay does. */
import assert from 'node:assert/strict'
import { parallel } from '../../core/parallel.ts'
import { any, race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, held, never, rejectsWith } from './fixtures.ts'
import { gate, gates } from './gate.ts'

export const determinismCases: readonly EngineCase[] = [
  engineCase('D1: completions come in one order, which a replay repeats', async (stage) => {
    const door = gates()
    const names = ['a', 'b', 'c', 'd', 'e']
    const flow = stage.flow(async () => {
      const order: string[] = []
      const follow = async (name: string): Promise<void> => {
        await step(name, () => door(name).pass())
        order.push(name)
        // Other code, with other names, for another order: a replay in another one would not find them.
        await step(`${name} was number ${order.length}`, () => undefined)
      }
      await Promise.all(names.map(follow))
      await step('cut off', stage.cut)
      return order
    })
    const run = await stage.crash(flow, async () => {
      await Promise.all(names.map((name) => door(name).reached))
      for (const name of ['d', 'b', 'e', 'a', 'c']) door(name).open()
    })
    const order = await run.result()
    assert.deepEqual(order.toSorted(), names)
  }),

  engineCase('D2: between two completions all microtasks run, live and on replay alike', async (stage) => {
    const names = Array.from({ length: 12 }, (_, n) => `${n}`)
    const trace = await stage.twice(async () => {
      const seen: string[] = []
      const follow = async (name: string): Promise<void> => {
        await step(name, () => name)
        seen.push(`${name} done`)
        for (let tick = 0; tick < 50; tick++) await Promise.resolve()
        seen.push(`${name} after 50 microtasks`)
      }
      await Promise.all(names.map(follow))
      return seen
    })
    for (let at = 0; at < trace.length; at += 2)
      assert.equal(trace[at]?.replace('done', 'after 50 microtasks'), trace[at + 1])
  }),

  engineCase('D4: what was cancelled before the crash is not started again by the replay', async (stage) => {
    const running = gate()
    const calls: string[] = []
    const call =
      (name: string, body: () => Promise<unknown> = never) =>
      async (): Promise<unknown> => {
        calls.push(name)
        running.open()
        return await body()
      }
    await stage.twice(async (ctx) => {
      await race([step('loser', call('loser')), step('winner', () => running.promise)])
      const bad = step('bad', fails('no'))
      await caught(
        parallel([bad, step('sibling', call('sibling')), async () => await step('deep', call('deep'))]),
      )
      await parallel([step('late', call('late'))], { timeout: 10, timeoutValue: undefined })
      await any([step('slow', call('slow')), ctx.sleep(10)], { stagger: 1 })
      return 'decided'
    })
    const once = new Set(calls)
    assert.deepEqual(calls.toSorted(), [...once].toSorted())
    assert.ok(once.has('loser') && once.has('late') && once.has('slow'))
  }),

  engineCase(
    'D4: what was under way at the crash, and is still wanted, starts when the replay has caught up',
    async (stage) => {
      const order: string[] = []
      const flow = stage.flow(async () => {
        const pending = step('pending', async () => {
          order.push(`pending in life ${stage.life}`)
          return stage.life === 1 ? await never() : 'done'
        })
        const mine = pending.then((value) => value)
        for (let n = 0; n < 4; n++) await step(`${n}`, () => order.push(`${n}`))
        await step('cut off', stage.cut)
        return await mine
      })
      const run = await stage.crash(flow)
      assert.equal(await run.result(), 'done')
      assert.deepEqual(
        order.filter((name) => name.startsWith('pending')),
        ['pending in life 1', 'pending in life 2'],
      )
    },
  ),

  engineCase(
    'D5: code that has changed is parked, naming what was recorded; corrected code goes on',
    async (stage) => {
      let corrected = false
      const calls: string[] = []
      const flow = stage.flow(async () => {
        const name = stage.life === 1 || corrected ? 'charge' : 'bill'
        const charged = await step(name, () => (calls.push(name), name))
        await step('cut off', stage.cut)
        return charged
      })
      const run = await stage.crash(flow)
      await rejectsWith(run.result(), {
        code: 'RUN_BLOCKED',
        runId: run.id,
        cause: { code: 'NON_DETERMINISM', recordedKey: 'charge', waitingKeys: ['bill'] },
      })
      assert.equal(await run.status(), 'blocked')
      corrected = true
      await run.retry()
      assert.equal(await run.result(), 'charge')
      assert.deepEqual(calls, ['charge'])
    },
  ),

  engineCase('D5: new operations after everything that is recorded are simply new', async (stage) => {
    const calls: string[] = []
    const flow = stage.flow(async () => {
      await step('old', () => calls.push('old'))
      if (stage.life > 1) await parallel([async () => await step('new', () => calls.push('new'))])
      await step('cut off', stage.cut)
      return stage.life
    })
    const run = await stage.crash(flow)
    assert.equal(await run.result(), 2)
    assert.deepEqual(calls, ['old', 'new'])
  }),

  engineCase(
    'R1: an outcome is recorded once, and after that the function never runs again, crash after crash',
    async (stage) => {
      const calls = new Map<string, number>()
      const door = gates()
      const count = (name: string): void => void calls.set(name, (calls.get(name) ?? 0) + 1)
      const flow = stage.flow(async (ctx) => {
        for (let round = 1; round <= 3; round++) {
          await parallel(
            Array.from({ length: 5 }, (_, n) => step(`${round} ${n}`, () => count(`${round} ${n}`))),
          )
          await caught(step(`bad ${round}`, () => (count(`bad ${round}`), fails('no')())))
          await ctx.sleep(1)
          await step(`cut off ${round}`, async () => {
            door(`life ${stage.life}, round ${round}`).open()
            if (stage.life === round) await never()
          })
        }
        return 'done'
      })
      const { id } = await stage.start(flow)
      for (let life = 1; life <= 3; life++) {
        await door(`life ${life}, round ${life}`).promise
        await stage.restart()
      }
      assert.equal(await stage.get(flow, id).result(), 'done')
      assert.deepEqual(
        [...calls.values()],
        Array.from({ length: 18 }, () => 1),
      )
    },
  ),

  engineCase('R2: what an await has returned has survived the crash that follows at once', async (stage) => {
    const calls: string[] = []
    const returned = gate()
    const flow = stage.flow(async () => {
      const value = await step('a', () => calls.push('a'))
      returned.open()
      await step('b', stage.cut)
      return value
    })
    const { id } = await stage.start(flow)
    await returned.promise
    await stage.restart()
    assert.equal(await stage.get(flow, id).result(), 1)
    assert.deepEqual(calls, ['a'])
  }),

  engineCase(
    'a crash in the middle of a group: what is done is kept, what ran runs again, what was queued comes in its turn',
    async (stage) => {
      const calls: string[] = []
      const names = ['a', 'b', 'c', 'd', 'e']
      const flow = stage.flow(async () => {
        const body = (name: string) => async (): Promise<string> => {
          calls.push(`${name} ${stage.life}`)
          if (name === 'c') await stage.cut()
          if (name === 'b' && stage.life === 1) await never()
          return name
        }
        return await parallel(
          names.map((name) => step(name, body(name))),
          { concurrency: 2 },
        )
      })
      const run = await stage.crash(flow)
      assert.deepEqual(await run.result(), names)
      assert.deepEqual(calls.toSorted(), ['a 1', 'b 1', 'b 2', 'c 1', 'c 2', 'd 2', 'e 2'])
    },
  ),

  engineCase('a crash while a group waits for its timeout: the deadline is kept', async (stage) => {
    const running = gate()
    const flow = stage.flow(async () => {
      const slow = step('slow', (context) => (running.open(), held(context)))
      return await parallel([slow, step('quick', () => 'quick')], { timeout: 150, timeoutValue: 'late' })
    })
    const { id } = await stage.start(flow)
    await running.promise
    await stage.restart()
    assert.equal(await stage.get(flow, id).result(), 'late')
  }),

  engineCase('a crash after a cancel request: the run is cancelled all the same', async (stage) => {
    const running = gate()
    const calls: string[] = []
    const flow = stage.flow(async () => {
      await step('deaf', async () => {
        calls.push('deaf')
        running.open()
        await never()
      })
      await step('after', () => calls.push('after'))
    })
    const run = await stage.start(flow)
    await running.promise
    await run.cancel('enough')
    await stage.restart()
    const later = stage.get(flow, run.id)
    await rejectsWith(later.result(), { code: 'CANCELLED', kind: 'run-cancelled', cause: 'enough' })
    assert.equal(await later.status(), 'cancelled')
    assert.ok(!calls.includes('after'))
  }),
]
