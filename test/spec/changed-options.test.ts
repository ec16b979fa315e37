/** What `docs/changing-workflows.md` says of changed schemas, deadlines, limits and tries. */
import { parallel, type RunHandle, step, workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { FakeClock } from './support/fake-clock.ts'
import { gate, quiet } from './support/gate.ts'
import { ended, sandbox, type Sandbox } from './support/sandbox.ts'

const HOUR = 3_600_000

async function setting(): Promise<{ clock: FakeClock; box: Sandbox }> {
  const clock = new FakeClock()
  return { clock, box: await sandbox('memory', { clock }) }
}

async function isOver(run: RunHandle): Promise<boolean> {
  await quiet()
  return (await run.status()) === 'completed'
}

describe('when the code of a run under way changes', () => {
  test('M13: its input is not checked again, and may lack what a new schema fills in; a fork’s is', async () => {
    const box = await sandbox()
    const held = gate()
    const before = workflow({
      name: 'w',
      input: z.object({ item: z.string() }),
      execute: async (ctx, _input) => {
        held.pass().catch(() => undefined)
        await ctx.waitForEvent('go')
      },
    })
    const after = workflow({
      name: 'w',
      input: z.object({ item: z.string(), count: z.number().default(1), by: z.email() }),
      execute: async (ctx, input) => {
        await ctx.waitForEvent('go')
        return input
      },
    })
    await before.start({ item: 'tea' }, { id: 'r', engine: box.engine })
    await held.reached
    const engine = await box.restart()
    await expect(after.start({ item: 'tea', by: 'a@b.org' }, { id: 'r', engine })).rejects.toMatchObject({
      code: 'RUN_CONFLICT',
    })
    const run = after.get('r', { engine })
    const fork = await run.fork({ input: { item: 'tea', by: 'a@b.org' } })
    await expect(run.fork({ input: { item: 'tea' } })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await Promise.all([run.signal('go'), fork.signal('go')])
    expect(await run.result()).toEqual({ item: 'tea' })
    expect(await fork.result()).toEqual({ item: 'tea', by: 'a@b.org', count: 1 })
  })

  test('M13: its output is checked by the schema that there is at the end', async () => {
    const box = await sandbox()
    const flow = (output: z.ZodType) => workflow({ name: 'w', output, execute: (ctx) => ctx.waitForEvent('go') }) // prettier-ignore
    await flow(z.string()).start({}, { id: 'r', engine: box.engine })
    await quiet()
    const run = flow(z.number()).get('r', { engine: await box.restart() })
    await run.signal('go', 'a text')
    await expect(run.result()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test.each([
    ['shorter', '1m'],
    ['longer', '9h'],
  ] as const)('a sleep that is made %s keeps its deadline', async (_what, changed) => {
    const { clock, box } = await setting()
    const flow = (duration: typeof changed | '1h') =>
      workflow({ name: 'w', execute: (ctx) => ctx.sleep(duration) })
    await flow('1h').start({}, { id: 'r', engine: box.engine })
    await clock.armed(HOUR)
    await clock.advance(1000)
    const run = await flow(changed).start({}, { id: 'r', engine: await box.restart() })
    await quiet()
    await clock.advance(HOUR - 2000)
    expect(await isOver(run)).toBe(false)
    await clock.advance(1000)
    expect(await isOver(run)).toBe(true)
  })

  test('the timeout of a group keeps its deadline; one that is added is counted from then', async () => {
    for (const [before, remaining] of [
      ['1h', HOUR - 1000],
      [undefined, 2 * HOUR],
    ] as const) {
      const { clock, box } = await setting()
      const flow = (timeout: '1h' | '2h' | undefined) =>
        workflow({
          name: 'w',
          execute: (ctx) =>
            parallel(
              [ctx.waitForEvent('never')],
              timeout === undefined ? {} : { timeout, timeoutValue: 'late' },
            ),
        })
      await flow(before).start({}, { id: 'r', engine: box.engine })
      await quiet()
      await clock.advance(1000)
      const run = await flow('2h').start({}, { id: 'r', engine: await box.restart() })
      await quiet()
      await clock.advance(remaining - 1000)
      expect(await isOver(run)).toBe(false)
      await clock.advance(1000)
      expect(await isOver(run)).toBe(true)
    }
  })

  test('a step that waits for its next try makes as many as the new code allows', async () => {
    const { clock, box } = await setting()
    const tries: number[] = []
    const flow = (maxAttempts: number) =>
      workflow({
        name: 'w',
        execute: () =>
          step(
            's',
            ({ attempt }) => {
              tries.push(attempt)
              throw new Error('no')
            },
            { retry: { maxAttempts, backoff: 'fixed', initialDelay: 1000, jitter: false } },
          ),
      })
    const first = await flow(9).start({}, { id: 'r', engine: box.engine })
    first.result().catch(() => undefined)
    await ended(box, 's')
    await quiet()
    const run = await flow(2).start({}, { id: 'r', engine: await box.restart() })
    await quiet()
    await clock.advance(5000)
    await expect(run.result()).rejects.toMatchObject({ code: 'STEP_FAILED', attempts: 2 })
    expect(tries).toEqual([1, 2])
  })

  test('M1: a higher concurrency of function branches lets more begin', async () => {
    const box = await sandbox()
    const held = gate<string>()
    const flow = (concurrency: number) =>
      workflow({
        name: 'w',
        execute: () =>
          parallel(
            ['a', 'b', 'c'].map(
              (name) => async () => await step(name, () => (name === 'b' ? held.pass() : name)),
            ),
            { concurrency },
          ),
      })
    await flow(1).start({}, { id: 'r', engine: box.engine })
    await held.reached
    const run = await flow(3).start({}, { id: 'r', engine: await box.restart() })
    await ended(box, 'parallel/2/c')
    held.open('b')
    expect(await run.result()).toEqual(['a', 'b', 'c'])
  })
})
