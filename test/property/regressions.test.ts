/** What the random programs found, shrunk and kept. */
import { type Context, parallel, step } from 'ai-workflows'
import { describe, expect, it } from 'vitest'
import { Execution, journalOf } from './execution.ts'
import type { Block, Op } from './program.ts'
import { checkReplays, type Fate } from './replays.ts'
import { realParts } from './simulate.ts'

const byDefault: Fate = { choices: [], otherChoices: [], cancelAt: undefined, abortAt: undefined }

const stepThat = (kind: 'ok' | 'hang'): Op => ({
  op: 'step',
  name: 'a',
  does: { kind, duration: 0, value: 0 },
})

const hangs = (): ReturnType<typeof step<never>> =>
  step(
    'hangs',
    ({ signal }) =>
      new Promise<never>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      ),
  )

describe('found by random programs', () => {
  it('D4 R1: a step beside an `execute` that ends is not called again by a replay that ends as well', async () => {
    const program: Block = [
      { do: 'float', body: [{ do: 'await', guard: false, of: stepThat('ok') }] },
      { do: 'await', guard: false, of: { op: 'event', names: ['e'] } },
    ]
    for (const first of [2, 3])
      expect(
        await checkReplays(program, { ...byDefault, choices: [first, 0, 0, 1] }, realParts),
      ).toBeGreaterThan(1)
  })

  it('D1: a group whose signal is aborted before it starts begins no branch, live and on replay alike', async () => {
    const program: Block = [
      { do: 'abort' },
      {
        do: 'combine',
        how: 'all',
        guard: false,
        items: [
          {
            item: 'op',
            of: {
              op: 'parallel',
              members: [{ member: 'function', seesSignal: true, body: [{ do: 'observe', what: 'random' }] }],
              options: { record: false, signal: 'own' },
            },
          },
          { item: 'op', of: stepThat('ok') },
        ],
      },
    ]
    for (const first of [0, 1])
      expect(
        await checkReplays(program, { ...byDefault, choices: [1, 0, 0, first] }, realParts),
      ).toBeGreaterThan(1)
  })

  it('M2 M9: cancelling a run also ends what a branch began and did not wait for', async () => {
    let helper: Promise<unknown> = Promise.resolve()
    const execute = async (ctx: Context): Promise<string> => {
      const floating = async (): Promise<void> => {
        await Promise.resolve()
        await ctx.parallel([hangs()])
        await hangs()
      }
      await parallel([
        async () => {
          helper = floating().catch((error: unknown) => error)
          await Promise.resolve()
        },
      ])
      return String(await helper)
    }
    // Nothing else can happen, so the world cancels the run. It would be stuck if that ended nothing.
    const execution = new Execution(execute)
    await expect(execution.ended).resolves.toMatchObject({
      value: expect.stringContaining('Cancelled with its run') as string,
    })
  })

  it('M2 M9: what such a helper would begin after the cancellation does not start', async () => {
    let helper: Promise<unknown> = Promise.resolve()
    const execute = async (): Promise<string> => {
      const first = Promise.resolve(hangs()).catch(() => undefined)
      const floating = async (): Promise<void> => {
        await first
        await hangs()
      }
      await parallel([
        async () => {
          helper = floating().catch((error: unknown) => error)
          await Promise.resolve()
        },
      ])
      return String(await helper)
    }
    const execution = new Execution(execute)
    await expect(execution.ended).resolves.toMatchObject({
      value: expect.stringContaining('Cancelled with its run') as string,
    })
  })

  it('D2: microtasks are drained from the start, wherever the loop was called from', async () => {
    const execute = (seen: string[]) => async (): Promise<void> => {
      const helper = async (): Promise<void> => {
        for (let tick = 0; tick < 50; tick++) await Promise.resolve()
        seen.push('helper')
      }
      void helper()
      await step('a', () => 'done')
      seen.push('a')
    }
    const live: string[] = []
    const record = await journalOf(execute(live))
    const replayed: string[] = []
    const execution = await new Promise<Execution>((resolve) => {
      setImmediate(() => resolve(new Execution(execute(replayed), record)))
    })
    await execution.ended
    expect(replayed).toEqual(live)
  })
})
