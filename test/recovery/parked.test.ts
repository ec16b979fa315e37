/** D5: a run that was parked because its code had changed goes on once the code is right, whoever asks for it. */
import { type EmbeddedEngine, type RunHandle, workflow, type Workflow } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { erased } from '../../src/core/definition.ts'
import { gate, quiet } from '../spec/support/gate.ts'
import { PLACES, sandbox, type Sandbox } from '../spec/support/sandbox.ts'
import { Calls, sequence } from './support.ts'

const SOON = { patience: 1 }

type Flow = Workflow<null, string[]>

/** A run that has recorded `a` and `b`, and was parked by code that does not know `b`. */
async function parked(box: Sandbox, calls: Calls): Promise<void> {
  calls.broken.add('c')
  await interrupted(box, calls)
  calls.broken.clear()
  const flow = sequence(calls, 'a', 'c')
  const run = await flow.start(null, { id: 'r', engine: await box.restart(SOON) })
  await expect(run.result()).rejects.toMatchObject({
    code: 'RUN_BLOCKED',
    cause: { code: 'NON_DETERMINISM', recordedKey: 'b', waitingKeys: ['c'] },
  })
  expect(calls.names).toEqual(['a', 'b'])
}

/** `a` and `b` are recorded, and the process is gone. */
async function interrupted(box: Sandbox, calls: Calls): Promise<void> {
  const held = gate()
  const flow = workflow({
    name: 'sequence',
    execute: async (ctx, _input: null) => {
      await calls.step('a')
      await calls.step('b')
      held.pass().catch(() => undefined)
      return await ctx.waitForEvent<string[]>('never')
    },
  })
  const run = await flow.start(null, { id: 'r', engine: box.engine })
  run.result().catch(() => undefined)
  await held.reached
  await quiet()
}

const WAYS: readonly [string, (flow: Flow, engine: EmbeddedEngine) => Promise<RunHandle<string[]>>][] = [
  ['a start with its id', (flow, engine) => flow.start(null, { id: 'r', engine })],
  [
    'retry()',
    async (flow, engine) => {
      const run = flow.get('r', { engine })
      await run.retry()
      return run
    },
  ],
  [
    'takeUp(), which the command line’s resume uses',
    async (flow, engine) => {
      const record = await engine.lookUp('r')
      if (record !== undefined) await engine.takeUp(erased(flow), record)
      return flow.get('r', { engine })
    },
  ],
]

describe.each(PLACES)('D5: a parked run over %s', (where) => {
  test.each(WAYS)('goes on after %s, in a new process with corrected code', async (_name, goOn) => {
    const box = await sandbox(where)
    const calls = new Calls()
    await parked(box, calls)
    const run = await goOn(sequence(calls, 'a', 'b', 'c'), await box.restart())
    expect(await run.result()).toEqual(['a 1', 'b 1', 'c 1'])
    expect(calls.names).toEqual(['a', 'b', 'c'])
  })

  test.each(WAYS)(
    'is parked again by %s when the code is still wrong, and nothing ran',
    async (_name, goOn) => {
      const box = await sandbox(where)
      const calls = new Calls()
      await parked(box, calls)
      const before = (await box.engine.inspect('r')).journal
      const run = await goOn(sequence(calls, 'a', 'x', 'c'), await box.restart(SOON))
      await expect(run.result()).rejects.toMatchObject({ code: 'RUN_BLOCKED' })
      expect(calls.names).toEqual(['a', 'b'])
      expect((await box.engine.inspect('r')).journal).toEqual(before)
    },
  )

  test('goes on with the new code when it is retried from the step that no longer fits, or from one before', async () => {
    for (const fromStep of ['b', 'a']) {
      const box = await sandbox(where)
      const calls = new Calls()
      await parked(box, calls)
      calls.take()
      const run = sequence(calls, 'a', 'x', 'c').get('r', { engine: await box.restart(SOON) })
      await run.retry({ fromStep })
      expect(await run.result()).toHaveLength(3)
      expect(calls.take()).toEqual(fromStep === 'b' ? ['x', 'c'] : ['a', 'x', 'c'])
    }
  })

  test('can be forked under the new code, and stays parked itself', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    await parked(box, calls)
    calls.take()
    const run = sequence(calls, 'a', 'x', 'c').get('r', { engine: await box.restart(SOON) })
    await (await run.fork()).result()
    expect(calls.take()).toEqual(['x', 'c'])
    expect(await run.status()).toBe('blocked')
  })

  test('whose children were under way: those are asked to end when it is retried from a step', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    const held = gate()
    const child = workflow({
      name: 'child',
      execute: async (ctx) => {
        held.pass().catch(() => undefined)
        if (!ctx.id.endsWith('~2')) await ctx.waitForEvent('never')
        return ctx.id
      },
    })
    const before = workflow({
      name: 'w',
      execute: async (ctx) => [await calls.step('a'), await ctx.invoke(child, null)],
    })
    const after = workflow({
      name: 'w',
      execute: async (ctx) => [await calls.step('x'), await ctx.invoke(child, null)],
    })
    await before.start(null, { id: 'r', engine: box.engine })
    await held.reached
    await quiet()
    const run = await after.start(null, { id: 'r', engine: await box.restart(SOON) })
    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_BLOCKED' })
    await run.retry({ fromStep: 'a' })
    expect(await run.result()).toEqual(['x 1', 'r/child~2'])
    const old = child.get('r/child', { engine: box.engine })
    await expect(old.result()).rejects.toMatchObject({ code: 'CANCELLED', kind: 'run-cancelled' })
  })

  test('whose child is parked too: that ends, as nobody could execute it, when the parent is retried from a step', async () => {
    const box = await sandbox(where)
    const calls = new Calls()
    const held = gate()
    const childOf = (name: string) =>
      workflow({
        name: 'child',
        execute: async (ctx) => {
          await calls.step(name)
          held.pass().catch(() => undefined)
          if (!ctx.id.endsWith('~2')) await ctx.waitForEvent('never')
          return ctx.id
        },
      })
    const parentOf = (name: string, child: ReturnType<typeof childOf>) =>
      workflow({
        name: 'w',
        execute: async (ctx) => [await calls.step(name), await ctx.invoke(child, null)],
      })
    await parentOf('a', childOf('b')).start(null, { id: 'r', engine: box.engine })
    await held.reached
    await quiet()
    const engine = await box.restart(SOON)
    const child = childOf('y')
    const old = child.get('r/child', { engine })
    await expect(old.result()).rejects.toMatchObject({ code: 'RUN_BLOCKED' })
    const run = await parentOf('x', child).start(null, { id: 'r', engine })
    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_BLOCKED' })
    await run.retry({ fromStep: 'a' })
    expect(await old.status()).toBe('cancelled')
    expect(await run.result()).toEqual(['x 1', 'r/child~2'])
  })
})
