/** M10: groups in groups, function branches in groups, children in groups. */
import assert from 'node:assert/strict'
import type { BranchContext } from '../../core/branch.ts'
import type { Operation } from '../../core/operation.ts'
import { parallel } from '../../core/parallel.ts'
import { any, race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held } from './fixtures.ts'
import { aborted, gate, gates, Meter } from './gate.ts'

export const nestingCases: readonly EngineCase[] = [
  engineCase('M10: results have the shape of the groups, to any depth', async (stage) => {
    const output = await stage.twice(async (ctx) => {
      const leaf = (name: string): Operation<string> => step(name, () => name)
      return await parallel({
        list: parallel([parallel([leaf('a')]), race([leaf('b'), ctx.sleep('1w')])]),
        settled: parallel([any([step('bad', fails('no')), leaf('c')]), step('bad', fails('no'))], {
          settle: true,
        }),
        function: async () => await parallel([async () => await parallel({ deep: leaf('d') })]),
      })
    })
    assert.deepEqual([output.list, output.function], [[['a'], 'b'], [{ deep: 'd' }]])
    has(output.settled[0], { status: 'fulfilled', value: 'c' })
    has(output.settled[1], { status: 'rejected', reason: { key: 'bad#2' } })
  }),

  engineCase('M10: a limit counts the branches of its own group', async (stage) => {
    const [door, inside] = [gates(), new Meter()]
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const run = await stage.start(
      stage.flow(async () => {
        const inner = (from: number): Operation<unknown> =>
          parallel(
            names.slice(from, from + 3).map((name) => step(name, () => inside.during(name, door(name).pass))),
            { concurrency: 2 },
          )
        await parallel([inner(0), inner(3)], { concurrency: 2 })
      }),
    )
    await Promise.all(['a', 'b', 'd', 'e'].map((name) => door(name).reached))
    assert.equal(inside.running, 4)
    for (const name of names) door(name).open()
    await run.result()
    assert.equal(inside.most, 4)
  }),

  engineCase('M10: a failure that a function branch deals with stays in it', async (stage) => {
    const output = await stage.twice(
      async () =>
        await parallel([
          async () =>
            await parallel([step('bad', fails('no')), step('slow', held)]).catch(() => 'dealt with'),
          step('good', () => 'good'),
        ]),
    )
    assert.deepEqual(output, ['dealt with', 'good'])
  }),

  engineCase('M10, E4: a group that fails aborts everything inside of its groups', async (stage) => {
    const running = [gate(), gate(), gate()] as const
    const reasons: unknown[] = []
    const stopped = gate()
    const waits = (n: 0 | 1 | 2): Operation<void> =>
      step(`${n}`, async ({ signal }) => {
        running[n].open()
        reasons.push(await aborted(signal))
        if (reasons.length === 3) stopped.open()
      })
    const all = Promise.all(running.map(({ promise }) => promise))
    const error = await stage.play(
      async () =>
        await caught(
          parallel([
            parallel([waits(0), race([waits(1)])]),
            async () => await any([waits(2)]),
            step('bad', () => all.then(fails('no'))),
          ]),
        ),
    )
    has(error, { stepName: 'bad' })
    await stopped.promise
    for (const reason of reasons) has(reason, { kind: 'sibling-failed', by: 'bad' })
  }),

  engineCase('a function branch is given a signal of its own', async (stage) => {
    const running = gate()
    const reasons: unknown[] = []
    await stage.play(async (ctx) => {
      const branch = async ({ signal }: BranchContext): Promise<void> => {
        await step('slow', (context) => (running.open(), held(context))).catch(() => undefined)
        reasons.push(signal.reason, ctx.signal.aborted)
      }
      await race([branch, step('quick', () => running.promise)])
      await step('after', () => undefined)
    })
    has(reasons[0], { kind: 'race-lost', by: 'quick' })
    assert.equal(reasons[1], false)
  }),

  engineCase(
    'R1: many branches, interrupted in the middle: each recorded step ran once, and the sum is right',
    async (stage) => {
      const calls = new Map<number, number>()
      const seen = new Map<number, number>()
      const flow = stage.flow(async () => {
        let recorded = 0
        const work = async (n: number): Promise<number> => {
          const value = await step(`work ${n}`, () => {
            calls.set(n, (calls.get(n) ?? 0) + 1)
            return n
          })
          seen.set(stage.life, ++recorded)
          if (n === 150) await step('cut off', stage.cut)
          return value
        }
        const branches = Array.from({ length: 200 }, (_, n) => () => work(n))
        const results = await parallel(branches, { concurrency: 20 })
        return results.reduce((sum, value) => sum + value, 0)
      })
      const run = await stage.crash(flow)
      assert.equal(await run.result(), 19_900)
      // Those that were under way at the crash may have run twice: at most as many as run at once.
      const repeated = [...calls.values()].filter((count) => count > 1)
      assert.ok(repeated.length <= 20, `${repeated.length} of 200 steps ran again`)
      assert.equal(seen.get(2), 200)
      assert.equal(calls.size, 200)
    },
  ),
]
