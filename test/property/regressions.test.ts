/** What the random programs found, shrunk and kept. */
import { type Context, parallel, step } from 'ai-workflows'
import { describe, expect, it } from 'vitest'
import { nextTurn } from '../../src/core/turn.ts'
import { recordUpTo } from '../../src/testing/virtual/record.ts'
import { Execution, journalOf, PATIENCE } from './execution.ts'
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

  it('D2: microtasks are drained between giving up what was left behind and undoing what was done', async () => {
    const undone: string[] = []
    const undoable = (name: string): ReturnType<typeof step<string>> =>
      step(name, () => name, { compensate: (result) => void undone.push(result) })
    const execute = async (ctx: Context): Promise<void> => {
      const left = async (): Promise<void> => {
        try {
          await parallel([() => hangs()])
        } finally {
          for (let tick = 0; tick < 20; tick++) await Promise.resolve()
          await ctx.uncancellable(() => undoable('of the section'))
        }
      }
      void left().catch(() => undefined)
      await undoable('first')
      throw new Error('over')
    }
    await new Execution(execute).ended
    expect(undone).toEqual(['of the section', 'first'])
  })

  it('R1: a cancelled run that ended without its code goes on undoing after a crash', async () => {
    const undone: string[] = []
    const undoable = (name: string): ReturnType<typeof step<string>> =>
      step(name, () => name, { compensate: (result) => void undone.push(result) })
    const execute = async (): Promise<void> => {
      await undoable('a')
      await undoable('b')
      await step('c', () => 'c')
      await hangs().catch(() => undefined)
      giveUp?.()
      await new Promise(() => undefined)
    }
    let giveUp: (() => void) | undefined = () => live.run.endWithoutItsCode()
    const live = new Execution(execute)
    await expect(live.ended).resolves.toMatchObject({ status: 'cancelled' })
    giveUp = undefined // as a watch over stuck code does, once
    const keys = live.world.journal.map(({ key }) => key)
    expect(keys.slice(3)).toEqual(['!cancel', '!compensate', 'b!compensate', 'a!compensate'])
    for (const [crash, left] of [[5, ['b', 'a']] as const, [6, ['a']] as const]) {
      undone.length = 0
      const again = new Execution(execute, recordUpTo(live.world.record, crash))
      while (again.patience.pending === 0) await nextTurn()
      again.patience.advance(PATIENCE)
      await expect(again.ended).resolves.toMatchObject({ status: 'cancelled' })
      expect(undone).toEqual(left)
    }
  })
})
