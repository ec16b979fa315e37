/** `race` and `any`. */
import assert from 'node:assert/strict'
import type { Operation } from '../../core/operation.ts'
import { parallel } from '../../core/parallel.ts'
import { any, race } from '../../core/race.ts'
import { step } from '../../core/step.ts'
import type { StepContext } from '../../core/step-function.ts'
import { type EngineCase, engineCase } from './case.ts'
import { caught, fails, has, held } from './fixtures.ts'
import { aborted, gate } from './gate.ts'
import type { Stage } from './stage.ts'

const KINDS = [
  ['race', race],
  ['any', any],
] as const

async function losersAreAborted(stage: Stage, group: typeof race): Promise<void> {
  const running = [gate(), gate()] as const
  const reasons = [gate<unknown>(), gate<unknown>()] as const
  const loses =
    (n: 0 | 1) =>
    async ({ signal }: StepContext) => {
      running[n].open()
      reasons[n].open(await aborted(signal))
      return 'too late'
    }
  const both = Promise.all(running.map(({ promise }) => promise))
  const output = await stage.play(
    async () =>
      await group([step('a', loses(0)), step('b', loses(1)), step('c', () => both.then(() => 'c'))]),
  )
  assert.equal(output, 'c')
  for (const { promise } of reasons) has(await promise, { code: 'CANCELLED', kind: 'race-lost', by: 'c' })
}

const ofBoth: readonly EngineCase[] = KINDS.flatMap(([kind, group]) => [
  engineCase(`E4: ${kind}: the losers are aborted, and told who won`, (stage) =>
    losersAreAborted(stage, group),
  ),

  engineCase(`${kind} of a record resolves to { winner, value }`, async (stage) => {
    const output = await stage.twice(async (ctx) => [
      await group({ slow: step('slow', held), quick: step('quick', () => new Date(7)) }),
      await group({ long: ctx.sleep('1w'), short: ctx.sleep(1) }),
      await group([step('slow', held), async () => await step('in a function', () => 'plain')]),
    ])
    assert.deepEqual(output, [
      { winner: 'quick', value: new Date(7) },
      { winner: 'short', value: undefined },
      'plain',
    ])
  }),

  engineCase(
    `${kind} with a stagger: the next starts only when the one before is that slow`,
    async (stage) => {
      const calls: string[] = []
      const call = (name: string, value?: string): ReturnType<typeof step<string>> =>
        step(name, (context) => {
          calls.push(name)
          return value === undefined ? held(context) : value
        })
      const output = await stage.play(async () => [
        await group([call('a', 'A'), call('b', 'B')], { stagger: '1h' }),
        await group([call('c'), call('d', 'D'), call('e', 'E')], { stagger: 10 }),
      ])
      assert.deepEqual(output, ['A', 'D'])
      assert.deepEqual(calls.slice(0, 3), ['a', 'c', 'd'])
      assert.ok(!calls.includes('b'))
    },
  ),
])

export const raceCases: readonly EngineCase[] = [
  ...ofBoth,

  engineCase('race settles as the first branch settles: also with its failure', async (stage) => {
    const output = await stage.twice(async () => [
      await race([step('slow', held), step('quick', () => 'quick')]),
      await caught(race([step('slow', held), step('bad', fails('no'))])),
    ])
    assert.equal(output[0], 'quick')
    has(output[1], { code: 'STEP_FAILED', stepName: 'bad' })
  }),

  engineCase('any is the first that is fulfilled; failures before it do not matter', async (stage) => {
    const output = await stage.twice(
      async () =>
        await any([
          step('bad', fails('no')),
          async () => {
            await step('bad too', fails('no'))
            return 'bad'
          },
          step('good', () => 'good'),
        ]),
    )
    assert.equal(output, 'good')
  }),

  engineCase('any: all failing gives an AggregateError with the errors in input order', async (stage) => {
    const door = { a: gate(), b: gate(), c: gate() }
    const flow = stage.flow(async () => {
      const error = await caught(
        any([step('a', door.a.pass), step('b', door.b.pass), step('c', door.c.pass)]),
      )
      await step('cut off', stage.cut)
      return [error instanceof AggregateError, error]
    })
    const run = await stage.crash(flow, async () => {
      await Promise.all(Object.values(door).map(({ reached }) => reached))
      for (const name of ['c', 'a', 'b'] as const) door[name].fail(new Error(name))
    })
    const [is, error] = await run.result()
    assert.equal(is, true)
    assert.deepEqual(
      (error as AggregateError).errors.map(({ stepName }: { stepName: string }) => stepName),
      ['a', 'b', 'c'],
    )
  }),

  engineCase(
    'D1: the winner is decided by the journal: a replay, in which others would be quicker, has the same',
    async (stage) => {
      const calls: string[] = []
      const call =
        (name: string, quickIn: number) =>
        async (context: StepContext): Promise<string> => {
          calls.push(name)
          return stage.life === quickIn ? name : await held(context)
        }
      const output = await stage.twice(async () => [
        await race({ a: step('a', call('a', 2)), b: step('b', call('b', 1)) }),
        await any([step('c', call('c', 2)), step('d', call('d', 1))]),
      ])
      assert.deepEqual(output, [{ winner: 'b', value: 'b' }, 'd'])
      assert.deepEqual(calls.toSorted(), ['a', 'b', 'c', 'd'])
    },
  ),

  engineCase('R3: what a loser returns after all is refused', async (stage) => {
    const [late, returned] = [gate(), gate()]
    const status = await stage.twice(async (ctx) => {
      const loser = async ({ signal }: StepContext): Promise<string> => {
        await aborted(signal)
        await late.promise
        returned.open()
        return 'too late'
      }
      await race([step('loser', loser), step('winner', () => 'winner')])
      late.open()
      await step('after', () => returned.promise)
      await step('and then', () => 1)
      return [ctx.steps['loser']?.status, ctx.steps['winner']?.status]
    })
    assert.deepEqual(status, ['cancelled', 'completed'])
  }),

  engineCase('a loser that has not started never does', async (stage) => {
    const calls: string[] = []
    await stage.play(async () => {
      const queued = parallel([step('first', held), step('queued', () => calls.push('queued'))], {
        concurrency: 1,
      })
      await race([queued, step('winner', () => 1)])
      await step('after', () => calls.push('after'))
    })
    assert.deepEqual(calls, ['after'])
  }),

  engineCase(
    'a failure before the others have started: race ends with it, any starts the next at once',
    async (stage) => {
      const calls: string[] = []
      const [raced, good] = await stage.play(async () => {
        const bad = step('bad', fails('no'))
        const next = (name: string): Operation<string> => step(name, () => (calls.push(name), name))
        return [
          await caught(race([bad, next('of the race')], { stagger: '1h' })),
          await any([bad, next('of any')], { stagger: '1h' }),
        ]
      })
      has(raced, { stepName: 'bad' })
      assert.deepEqual([good, calls], ['of any', ['of any']])
    },
  ),
]
