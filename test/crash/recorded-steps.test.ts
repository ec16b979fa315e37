import { createEngine, memoryStore, parallel, type RunEvent, step, workflow } from 'ai-workflows'
import { expect, onTestFinished, test } from 'vitest'

/** What the engine says of each execution: how many steps it need not repeat. */
function watch(engine: ReturnType<typeof createEngine>): number[] {
  const seen: number[] = []
  engine.on('*', (event: RunEvent) => {
    if (event.kind === 'run.started') seen.push(event.recordedSteps)
  })
  return seen
}

test('run.started counts a step that failed for good among those that are not repeated', async () => {
  const store = memoryStore()
  const calls: string[] = []
  const settled = workflow({
    name: 'settled',
    execute: async (ctx) => {
      await parallel(
        [
          step('good', () => void calls.push('good')),
          step('bad', () => {
            calls.push('bad')
            throw new Error('no')
          }),
        ],
        { settle: true },
      )
      await ctx.waitForEvent('go')
    },
  })
  const first = createEngine({ store: { ...store, close: async () => undefined } })
  const asked = new Promise<void>((resolve) => {
    first.on(
      '*',
      (event) =>
        event.kind === 'group.progress' && event.counts.failed + event.counts.completed === 2 && resolve(),
    )
  })
  await settled.start({}, { id: 'run', engine: first })
  await asked
  await first.stop()

  const second = createEngine({ store })
  onTestFinished(() => second.stop())
  const seen = watch(second)
  await second.find('run').signal('go')
  await settled.get('run', { engine: second }).result()
  expect(seen).toEqual([2])
  expect(calls).toEqual(['good', 'bad'])
})

test('run.started counts a step once, also when a retry of the run has recorded it again', async () => {
  const store = memoryStore()
  let failures = 1
  const flaky = workflow({
    name: 'flaky',
    execute: async (ctx) => {
      await step('a', () => undefined)
      await step('b', () => {
        if (failures-- > 0) throw new Error('not yet')
      })
      await ctx.waitForEvent('go')
    },
  })
  const first = createEngine({ store: { ...store, close: async () => undefined } })
  const seen = watch(first)
  const run = await flaky.start({}, { id: 'run', engine: first })
  await expect(run.result()).rejects.toThrow('not yet')
  const done = new Promise<void>((resolve) => {
    first.on('step.completed', ({ key }) => key === 'b' && resolve())
  })
  await run.retry()
  await done
  await first.stop()

  const second = createEngine({ store })
  onTestFinished(() => second.stop())
  const seenAfter = watch(second)
  await second.find('run').signal('go')
  await flaky.get('run', { engine: second }).result()
  expect([...seen, ...seenAfter]).toEqual([0, 1, 2])
})
