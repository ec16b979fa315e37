/** One bad run never stops the others. */
import { createEngine, parallel, step, workflow } from 'ai-workflows'
import { expect, onTestFinished, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LogBook } from '../spec/support/sandbox.ts'
import { hostileFlows } from './support/hostile-flows.ts'

const good = workflow({
  name: 'good',
  execute: async (ctx, n: number) => {
    const parts = await parallel([step('a', () => n), ctx.sleep(1), async () => await step('b', () => n + 1)])
    return [...parts, await step('c', ({ attempt }) => attempt, { retry: { initialDelay: 1 } })]
  },
})

test('R5, E6: a hundred good runs among every kind of bad one, in one engine: all good ones complete, every bad one ends, live and for another process', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bad-'))
  const strays: unknown[] = []
  const onStray = (error: unknown): void => void strays.push(error)
  process.on('unhandledRejection', onStray)
  onTestFinished(() => {
    process.off('unhandledRejection', onStray)
    rmSync(dir, { recursive: true, force: true })
  })
  const engine = createEngine({ dir, durability: 'process-crash', log: new LogBook() })
  const flows = hostileFlows()
  const started = await Promise.all([
    ...flows.map(({ flow }) => flow.start({}, { engine, id: flow.name ?? '' })),
    ...Array.from({ length: 100 }, (_, n) => good.start(n, { engine, id: `good ${n}` })),
  ])
  const settled = await Promise.allSettled(started.map((run) => run.result()))
  expect(settled.slice(flows.length)).toEqual(
    Array.from({ length: 100 }, (_, n) => ({ status: 'fulfilled', value: [n, undefined, n + 1, 1] })),
  )
  for (const [index, { flow, ends }] of flows.entries()) {
    const outcome = settled[index]
    if (ends === 'anything') continue
    if (ends === 'completed') expect([flow.name, outcome?.status]).toEqual([flow.name, 'fulfilled'])
    else expect([flow.name, outcome]).toMatchObject([flow.name, { reason: { code: ends } }])
  }
  const statuses = await Promise.all(started.map((run) => run.status()))
  expect(new Set(statuses)).toEqual(new Set(['completed', 'failed']))
  // Each was left behind by a run's own code, twice by a branch, and logged there: this listener only saw them pass.
  expect(strays).toHaveLength(2 * (1 + 2 + 1))
  await engine.stop()

  const later = createEngine({ dir, log: new LogBook() })
  onTestFinished(() => later.stop({ grace: 0 }))
  const again = await Promise.allSettled(started.map(({ id }) => later.find(id).result()))
  // In the journaled form: the errors among them go round in circles, and are a thousand deep.
  const texts = (outcomes: typeof settled): string[] =>
    outcomes.map((one) => engine.codec.encodeError(one.status === 'fulfilled' ? one.value : one.reason))
  expect(texts(again)).toEqual(texts(settled))
  expect(await later.list({}, { limit: 1000 })).toHaveLength(started.length)
  for (const { id } of started) await later.inspect(id)
})
