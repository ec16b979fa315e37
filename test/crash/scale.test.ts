import { expect, onTestFinished, test } from 'vitest'
import {
  createEngine,
  type EmbeddedEngine,
  type Operation,
  parallel,
  step,
  workflow,
} from '../../src/index.ts'
import { folder } from '../support/folder.ts'

function open(dir: string): EmbeddedEngine {
  const engine = createEngine({ dir, durability: 'process-crash' })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

test(
  'R1, R6: 100,000 steps at concurrency 100, stopped half way, go on and repeat none',
  { timeout: 120_000 },
  async () => {
    const STEPS = 100_000
    const calls = new Uint8Array(STEPS)
    let running = 0
    let most = 0
    const many = workflow({
      name: 'many',
      execute: async () => {
        const results = await parallel(
          Array.from({ length: STEPS }, (_, n) =>
            step(`step ${n}`, async () => {
              calls[n] = calls[n]! + 1
              most = Math.max(most, ++running)
              await Promise.resolve()
              running--
              return n
            }),
          ),
          { concurrency: 100 },
        )
        return results.every((value, n) => value === n) ? results.length : 'wrong'
      },
    })
    const dir = folder()
    const first = open(dir)
    const half = new Promise<void>((resolve) => {
      first.on(
        '*',
        (event) => event.kind === 'group.progress' && event.counts.completed === STEPS / 2 && resolve(),
      )
    })
    const run = await many.start({}, { id: 'run', engine: first })
    const interrupted = run.result().catch((error: unknown) => error)
    await half
    await first.stop()
    expect(await interrupted).toMatchObject({ code: 'ENGINE_STOPPED' })
    const before = calls.reduce((sum, count) => sum + count, 0)
    expect(before).toBeGreaterThanOrEqual(STEPS / 2)
    expect(before).toBeLessThan(STEPS)

    const second = open(dir)
    let recorded = 0
    second.on('*', (event) => {
      if (event.kind === 'run.started') recorded = event.recordedSteps
    })
    expect(await many.get('run', { engine: second }).result()).toBe(STEPS)
    expect(recorded).toBe(before)
    expect(calls.every((count) => count === 1)).toBe(true)
    expect(most).toBe(100)
  },
)

test.for([
  [
    'function branches',
    (inside: () => Operation<number>): Operation<unknown> => parallel([async () => await inside()]),
  ],
  ['groups', (inside: () => Operation<number>): Operation<unknown> => parallel([inside()])],
] as const)('M10: %s nest 1,000 deep, live and on replay', async ([, nest]) => {
  const DEPTH = 1000
  let calls = 0
  const deep = workflow({
    name: 'deep',
    execute: async (ctx) => {
      let build = (): Operation<unknown> => step('innermost', () => ++calls)
      for (let depth = 0; depth < DEPTH; depth++) {
        const inside = build
        build = () => nest(inside as () => Operation<number>)
      }
      let result: unknown = await build()
      for (let depth = 0; depth < DEPTH; depth++) result = (result as [unknown])[0]
      await ctx.waitForEvent('go')
      return result
    },
  })
  const dir = folder()
  const first = open(dir)
  const done = new Promise<void>((resolve) => {
    first.on('step.completed', () => resolve())
  })
  await deep.start({}, { id: 'run', engine: first })
  await done
  await first.stop()
  const second = open(dir)
  await second.find('run').signal('go')
  expect(await deep.get('run', { engine: second }).result()).toBe(1)
  expect(calls).toBe(1)
})

test('M9: children nest 30 deep, stopped and resumed', async () => {
  const DEPTH = 30
  interface Nested {
    readonly depth: number
  }
  let calls = 0
  const nested = workflow({
    name: 'nested',
    execute: async (ctx, { depth }: Nested): Promise<number> => {
      if (depth > 0) return (await ctx.invoke(nested, { depth: depth - 1 })) + 1
      await step('innermost', () => void calls++)
      return await ctx.waitForEvent<number>('go')
    },
  })
  const dir = folder()
  const first = open(dir)
  const done = new Promise<void>((resolve) => {
    first.on('step.completed', () => resolve())
  })
  await nested.start({ depth: DEPTH }, { id: 'run', engine: first })
  await done
  await first.stop()
  const second = open(dir)
  await second.find(`run${'/nested'.repeat(DEPTH)}`).signal('go', 1)
  expect(await nested.get('run', { engine: second }).result()).toBe(DEPTH + 1)
  expect(calls).toBe(1)
})
