/** `ctx.uncancellable`: cleaning up in a run, or a branch, that is being cancelled. */
import {
  CancelledError,
  type Context,
  NestedOperationError,
  parallel,
  race,
  step,
  workflow,
  type Workflow,
} from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { aborted, gate, quiet } from './support/gate.ts'
import { PLACES, sandbox, started } from './support/sandbox.ts'

/** Ends only when it is aborted. */
const hanging = (name: string, running?: () => void): ReturnType<typeof step<never>> =>
  step(name, async ({ signal }) => {
    running?.()
    throw await aborted(signal)
  })

const flowOf = (execute: (ctx: Context) => unknown): Workflow => workflow({ name: 'flow', execute })

describe.each(PLACES)('ctx.uncancellable on %s', (place) => {
  test('E4: a cancelled run cleans up in a finally, and ends as cancelled after that', async () => {
    const { engine } = await sandbox(place)
    const [running, released] = [gate(), gate()]
    const seen: unknown[] = []
    const flow = flowOf(async (ctx) => {
      try {
        await hanging('work', running.open)
      } finally {
        seen.push(
          await ctx.uncancellable(async () => {
            seen.push(ctx.signal.aborted)
            await step('release', ({ signal }) => {
              seen.push(signal.aborted)
              return released.pass()
            })
            return await step('say so', () => 'released')
          }),
        )
      }
    })
    const run = await flow.start(undefined, { engine })
    await running.promise
    await run.cancel('enough')
    await released.reached
    expect(await run.status()).toBe('running')
    released.open()
    await expect(run.result()).rejects.toMatchObject({ kind: 'run-cancelled', cause: 'enough' })
    expect(seen).toEqual([true, false, 'released'])
    expect(await run.status()).toBe('cancelled')
  })

  test('E4: a section that was entered before the cancellation came goes on, and what follows it is cancelled', async () => {
    const { engine } = await sandbox(place)
    const release = gate()
    const seen: unknown[] = []
    const flow = flowOf(async (ctx) => {
      seen.push(
        await ctx.uncancellable(async () => {
          const first = await step('release', () => release.pass())
          return [first, await step('after it', () => 'done too')]
        }),
      )
      await step('not any more', () => seen.push('ran'))
    })
    const run = await flow.start(undefined, { engine })
    await release.reached
    await run.cancel()
    while (!(await engine.inspect(run.id)).journal.some(({ completion: { key } }) => key === '!cancel'))
      await quiet(1)
    release.open()
    await expect(run.result()).rejects.toBeInstanceOf(CancelledError)
    expect(seen).toEqual([[undefined, 'done too']])
  })

  test('E4: a branch that lost a race cleans up, and the run waits for that', async () => {
    const { engine, events } = await sandbox(place)
    const [running, release] = [gate(), gate()]
    const flow = flowOf(async (ctx) => {
      const deep = async (): Promise<void> => {
        try {
          await hanging('slow', running.open)
        } catch (error) {
          await Promise.resolve()
          throw error
        } finally {
          await ctx.uncancellable(() => step('release', () => release.pass()))
        }
      }
      return await race([deep, step('quick', () => running.promise.then(() => 'quick'))])
    })
    const run = await flow.start(undefined, { engine, id: 'r' })
    await release.reached
    expect(await run.status()).toBe('running')
    release.open()
    await expect(run.result()).resolves.toBe('quick')
    expect(started(events).at(-1)).toBe('race/0/uncancellable/release')
  })

  test('waitForCancelled: the group waits for the sections of the branches that it gives up', async () => {
    const { engine } = await sandbox(place)
    const seen: string[] = []
    const running = gate()
    const flow = flowOf(async (ctx) => {
      const cleaning = async (): Promise<void> => {
        try {
          await hanging('work', running.open)
        } finally {
          await ctx.uncancellable(async () => {
            await step('release', () => seen.push('released'))
          })
          seen.push('branch over')
        }
      }
      const failing = step('fails', async () => {
        await running.promise
        throw new Error('no')
      })
      await parallel([cleaning, failing], { waitForCancelled: true }).catch(() => seen.push('group over'))
    })
    await flow.run(undefined, { engine })
    expect(seen).toEqual(['released', 'branch over', 'group over'])
  })

  test('groups inside work as everywhere: they fail fast, and cancel what is theirs', async () => {
    const { engine } = await sandbox(place)
    const running = gate()
    let outcome: unknown
    const flow = flowOf(async (ctx) => {
      try {
        await hanging('work', running.open)
      } finally {
        const inside = gate()
        outcome = await ctx
          .uncancellable(async () => {
            await parallel([
              hanging('sibling', inside.open),
              async () => {
                await step('wait', () => inside.promise)
                await step('bad', () => {
                  throw new Error('bad')
                })
              },
            ])
          })
          .catch((error: unknown) => error)
      }
    })
    const run = await flow.start(undefined, { engine })
    await running.promise
    await run.cancel()
    await expect(run.result()).rejects.toBeInstanceOf(CancelledError)
    expect(outcome).toMatchObject({ code: 'STEP_FAILED', stepName: 'bad' })
  })

  test('a section that nobody awaits is waited for by the run; what fails in it does not fail the run', async () => {
    const { engine, log } = await sandbox(place)
    const flow = flowOf((ctx) => {
      void ctx.uncancellable(async () => {
        await step('one', () => 1)
        await step('two', () => 2)
        throw new Error('nobody asked')
      })
      return 'over'
    })
    const run = await flow.start(undefined, { engine })
    await expect(run.result()).resolves.toBe('over')
    const { journal } = await engine.inspect(run.id)
    expect(journal.map(({ completion }) => completion.key)).toEqual([
      'uncancellable/one',
      'uncancellable/two',
    ])
    await quiet()
    expect(log.lines.map(({ fields }) => String(fields?.['error']))).toContain('Error: nobody asked')
  })

  test('E4: when `execute` has ended and a section goes on, all else is cancelled as run-ended', async () => {
    const { engine } = await sandbox(place)
    const seen: unknown[] = []
    const [running, noticed] = [gate(), gate()]
    const flow = flowOf(async (ctx) => {
      const helper = async (): Promise<void> => {
        try {
          await hanging('left behind', running.open)
        } catch (error) {
          seen.push((error as CancelledError).kind)
          noticed.open()
          await ctx.uncancellable(() => step('clean', () => seen.push('cleaned')))
        }
      }
      void helper()
      void ctx.uncancellable(() => step('section', () => noticed.promise))
      await step('work', () => running.promise)
      return 'over'
    })
    await expect(flow.run(undefined, { engine })).resolves.toBe('over')
    expect(seen).toEqual(['run-ended', 'cleaned'])
  })

  test('what a section began and did not wait for is cancelled with the code around it', async () => {
    const { engine } = await sandbox(place)
    const [running, reason] = [gate(), gate<unknown>()]
    const flow = flowOf(async (ctx) => {
      await ctx.uncancellable(async () => {
        const helper = async (): Promise<void> => {
          await hanging('of the helper', running.open).catch(reason.open)
        }
        void helper()
        await step('work', () => running.promise)
      })
      await hanging('around')
    })
    const run = await flow.start(undefined, { engine })
    await running.promise
    await run.cancel()
    await expect(run.result()).rejects.toBeInstanceOf(CancelledError)
    expect(await reason.promise).toMatchObject({ kind: 'run-cancelled' })
  })

  test('M3: sections have scopes of their own, counted like names, that collide with no group', async () => {
    const { engine } = await sandbox(place)
    const flow = flowOf(async (ctx) => {
      await ctx.uncancellable(() => step('a', () => 1))
      await ctx.uncancellable(async () => {
        await ctx.uncancellable(() => step('a', () => 2))
        await step('a', () => 3)
      })
      await parallel([() => step('a', () => 4)], { name: 'uncancellable' })
      await step('a', () => 5)
    })
    const run = await flow.start(undefined, { engine })
    await run.result()
    const { journal } = await engine.inspect(run.id)
    expect(journal.map(({ completion: { key } }) => key)).toEqual([
      'uncancellable/a',
      'uncancellable#2/uncancellable/a',
      'uncancellable#2/a',
      'uncancellable#3/0/a',
      'a',
    ])
  })

  test('D1: interrupted in the middle of a section, a cancelled run goes on with it and repeats nothing', async () => {
    const box = await sandbox(place)
    const [running, second] = [gate(), gate()]
    const calls: string[] = []
    let interrupted = false
    const flow = flowOf(async (ctx) => {
      try {
        await hanging('work', running.open)
      } finally {
        await ctx.uncancellable(async () => {
          await step('first', () => calls.push('first'))
          await step('second', async ({ signal }) => {
            calls.push('second')
            second.open()
            if (!interrupted) await aborted(signal)
          })
        })
        calls.push('over')
      }
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'r' })
    const refused = run.result().catch(() => undefined)
    await running.promise
    await run.cancel('why')
    await second.promise
    interrupted = true
    const engine = await box.restart()
    await refused
    await engine.resume([flow])
    await expect(flow.get('r', { engine }).result()).rejects.toMatchObject({
      kind: 'run-cancelled',
      cause: 'why',
    })
    expect(calls).toEqual(['first', 'second', 'second', 'over'])
  })

  test('a plain promise awaited in a section at the end does not keep the run from ending', async () => {
    const { engine } = await sandbox(place)
    const late = gate()
    const flow = flowOf((ctx) => {
      void ctx.uncancellable(() => late.pass())
      return 'over'
    })
    const run = await flow.start(undefined, { engine })
    await late.reached
    await quiet()
    expect(await run.status()).toBe('running')
    late.open()
    await expect(run.result()).resolves.toBe('over')
  })
})

describe('E7: bad calls of ctx.uncancellable', () => {
  const failing = async (body: (ctx: Context) => unknown): Promise<unknown> => {
    const { engine } = await sandbox()
    const flow = flowOf(body)
    return await flow.run(undefined, { engine }).catch((error: unknown) => error)
  }

  test('what is not a function is a TypeError at the call', async () => {
    const error = await failing((ctx) => {
      try {
        return ctx.uncancellable(step('release', () => 1) as never)
      } catch (thrown) {
        return thrown
      }
    })
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/ctx\.uncancellable\(\): expected a function/)
  })

  test('M6: inside the function of a step it is refused like an operation', async () => {
    const error = await failing((ctx) => step('outer', () => void ctx.uncancellable(() => 1)))
    expect((error as Error).cause).toBeInstanceOf(NestedOperationError)
    expect((error as Error).message).toContain('ctx.uncancellable()')
  })

  test('what its function throws at once is a rejection', async () => {
    const error = await failing((ctx) =>
      ctx.uncancellable(() => {
        throw new RangeError('at once')
      }),
    )
    expect(error).toMatchObject({ name: 'RangeError', message: 'at once' })
  })

  test('an operation that it returns without awaiting is awaited in the section', async () => {
    const { engine, events } = await sandbox()
    const flow = flowOf((ctx) => ctx.uncancellable(() => step('release', () => 'released')))
    await expect(flow.run(undefined, { engine })).resolves.toBe('released')
    expect(started(events)).toEqual(['uncancellable/release'])
  })
})
