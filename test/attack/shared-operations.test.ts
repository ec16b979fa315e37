import {
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  type Operation,
  parallel,
  race,
  step,
  workflow,
} from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runInline } from '../../src/core/inline.ts'
import { aborted, type Gate, gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'

function engineOver(): EmbeddedEngine {
  const engine = createEngine({ store: memoryStore(), log: new LogBook() })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** The same body inside of a workflow and outside of any. */
const PLACES: readonly [string, (body: () => Promise<unknown>) => Promise<unknown>][] = [
  ['in a run', (body) => workflow({ name: 'w', execute: () => body() }).run({}, { engine: engineOver() })],
  ['outside of a workflow', (body) => runInline({ log: new LogBook() }, body)],
]

const code = (error: unknown): unknown =>
  (error as { kind?: string; code?: string }).kind ?? (error as { code?: string }).code

function watched(name: string, held: Gate<string>, reasons: unknown[]): Operation<string> {
  return step(name, async ({ signal }) => {
    void aborted(signal).then((reason) => reasons.push(code(reason)))
    return await held.pass()
  })
}

for (const [place, within] of PLACES) {
  describe(`M2: operations shared ${place}`, () => {
    test('M2: an operation twice in one group is one call, and both places get its value', async () => {
      let calls = 0
      const values = await within(async () => {
        const one = step('one', () => ++calls)
        return await parallel([one, one, () => one], { concurrency: 1 })
      })
      expect(values).toEqual([1, 1, 1])
    })

    test('M2: the loser of one race that another group wants runs on', async () => {
      const held = gate<string>()
      const reasons: unknown[] = []
      const values = await within(async () => {
        const shared = watched('shared', held, reasons)
        const other = parallel([shared, step('beside', () => 2)])
        const both = Promise.all([other, race([shared, step('fast', () => 'fast')])])
        await quiet()
        held.open('slow')
        return await both
      })
      expect(values).toEqual([['slow', 2], 'fast'])
      expect(reasons).toEqual([])
    })

    test('M2: it is aborted when the last of three who want it lets go', async () => {
      const [held, reasons] = [gate<string>(), [] as unknown[]]
      const [first, second, third] = [gate(), gate(), gate()]
      await within(async () => {
        const shared = watched('shared', held, reasons)
        const branch = async (): Promise<string> => await shared
        const groups = [
          race([shared, step('1', () => first.pass())]),
          race([branch, step('2', () => second.pass())]),
          race([shared, step('3', () => third.pass())]),
        ]
        const all = Promise.all(groups)
        await third.reached
        first.open()
        await groups[0]
        second.open()
        await groups[1]
        await quiet()
        expect(reasons).toEqual([])
        third.open()
        await all
        await quiet()
      })
      expect(reasons).toEqual(['race-lost'])
    })

    test('M2: an operation awaited after it was cancelled rejects with the reason, at every await and in every group', async () => {
      const outcomes = await within(async () => {
        const held = gate<string>()
        const shared = watched('shared', held, [])
        await race([shared, step('fast', () => 1)])
        return [
          await shared.catch(code),
          await parallel([shared]).catch(code),
          (await parallel([shared], { settle: true }))[0]?.status,
          await race([shared, step('other', () => 1)]).catch(code),
        ]
      })
      expect(outcomes).toEqual(['race-lost', 'race-lost', 'rejected', 'race-lost'])
    })

    test('M2: an operation begun in a branch and awaited outside goes on when its branch has ended', async () => {
      const held = gate<string>()
      const value = await within(async () => {
        let begun: Operation<string> | undefined
        await parallel([
          async () => {
            begun = step('begun', () => held.pass())
            void begun.then(() => undefined)
            await step('short', () => 1)
          },
        ])
        held.open('late')
        return await begun
      })
      expect(value).toBe('late')
    })

    test('M2: an operation begun in a branch that is given up is aborted, unless somebody outside awaits it', async () => {
      const reasons: unknown[] = []
      const values = await within(async () => {
        const [one, two, go] = [gate<string>(), gate<string>(), gate()]
        const begun: Operation<string>[] = []
        const won = race([
          async () => {
            begun.push(watched('wanted', one, reasons), watched('unwanted', two, reasons))
            await Promise.all(begun)
          },
          async () => {
            await step('wait', () => go.pass())
            return 'won'
          },
        ])
        const outside = won.then(() => undefined)
        await Promise.all([one.reached, two.reached, go.reached])
        const kept = begun[0]?.then((value) => value)
        go.open()
        await outside
        one.open('kept')
        return [await won, await kept]
      })
      expect(values).toEqual(['won', 'kept'])
      expect(reasons).toEqual(['race-lost'])
    })

    test('M2: a group shared by two groups ends for both when its time is up', async () => {
      const held = gate<string>()
      const values = await within(async () => {
        const inner = parallel([watched('w', held, [])], { timeout: 10, timeoutValue: 'late' })
        return await Promise.all([parallel([inner]), parallel({ inner }), inner])
      })
      expect(values).toEqual([['late'], { inner: 'late' }, 'late'])
    })

    test('a group that is aborted while its own progress is reported has one verdict', async () => {
      const controller = new AbortController()
      const held = gate<string>()
      const [outcome, order] = [[] as unknown[], [] as string[]]
      await within(async () => {
        const group = parallel(
          [
            step('fails', () => Promise.reject(new Error('no'))),
            step('deaf', async () => {
              await held.pass()
              order.push('stopped')
            }),
          ],
          {
            signal: controller.signal,
            waitForCancelled: true,
            onProgress: () => controller.abort(new Error('from progress')),
          },
        )
        const ended = group.then(
          () => outcome.push('fulfilled'),
          (error: unknown) => {
            order.push('returned')
            outcome.push(code(error))
          },
        )
        await held.reached
        await quiet(4)
        held.open('x')
        await ended
      })
      expect(order).toEqual(['stopped', 'returned'])
      expect(outcome).toHaveLength(1)
    })

    test('a step that aborts its own group as it begins sees its signal aborted, and is waited for', async () => {
      const controller = new AbortController()
      const order: string[] = []
      await within(async () => {
        await parallel(
          [
            step('own', async ({ signal }) => {
              controller.abort()
              await aborted(signal)
              await quiet(2)
              order.push('stopped')
            }),
          ],
          { signal: controller.signal, waitForCancelled: true },
        ).catch((error: unknown) => order.push(String(code(error))))
      })
      expect(order).toEqual(['stopped', 'aborted'])
    })

    test('waitForCancelled waits for every attempt of a step that still runs, the timed out ones too', async () => {
      const order: string[] = []
      const [first, second, boom] = [gate(), gate(), gate()]
      await within(async () => {
        const group = parallel(
          [
            step(
              'slow',
              async ({ attempt }) => {
                await (attempt === 1 ? first : second).pass()
                order.push(`attempt ${attempt} stopped`)
              },
              { timeout: 5, retry: { maxAttempts: 2, initialDelay: 0 } },
            ),
            step('boom', () => boom.pass()),
          ],
          { waitForCancelled: true },
        ).catch(() => order.push('returned'))
        await second.reached
        boom.fail(new Error('boom'))
        await quiet(4)
        first.open()
        await quiet(4)
        expect(order).toEqual(['attempt 1 stopped'])
        second.open()
        await group
      })
      expect(order).toEqual(['attempt 1 stopped', 'attempt 2 stopped', 'returned'])
    })
  })
}

test('M2: an operation that was raced twenty thousand times, and is wanted, still ends', async () => {
  const flow = workflow({
    name: 'w',
    execute: async (ctx) => {
      const long = ctx.waitForEvent<string>('end')
      const ended = long.then((value) => value)
      for (let i = 0; i < 20_000; i++) await race([long, parallel([])])
      return await ended
    },
  })
  const run = await flow.start({}, { engine: engineOver() })
  await run.signal('end', 'late')
  expect(await run.result()).toBe('late')
})
