/** Results that are encoded, stored, read and decoded in several turns of the event loop: nothing of that is to be noticed. */
import { CancelledError, createEngine, memoryStore, race, step, TimeoutError, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PLACES, sandbox } from './support/sandbox.ts'

const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `customer ${id}`, tags: ['a', 'b'] }))
const RESULTS: Readonly<Record<string, unknown>> = {
  text: 'é"\n😀'.repeat(80_000),
  rows,
  nested: { meta: { count: rows.length }, pages: [rows.slice(0, 9_000), rows.slice(9_000)] },
  shared: { rows, first: rows[0] },
  dated: rows.slice(0, 9_000).map((row) => ({ ...row, at: new Date(row.id) })),
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe.each(PLACES)('on %s', (place) => {
  test('D7, R1: a large result is the same live and on replay, and its function is not called again', async () => {
    const box = await sandbox(place)
    const calls: string[] = []
    const lives: Record<string, unknown>[] = []
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        const seen: Record<string, unknown> = {}
        lives.push(seen)
        for (const [name, value] of Object.entries(RESULTS))
          seen[name] = await step(name, () => (calls.push(name), value))
        if (lives.length === 1) await step('wait', () => new Promise(() => undefined))
        return Object.keys(seen).length
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    while (Object.keys(lives[0] ?? {}).length < Object.keys(RESULTS).length) await turn()
    await box.restart()
    expect(await flow.run(undefined, { engine: box.engine, id: run.id })).toBe(5)
    expect(calls).toEqual(Object.keys(RESULTS))
    expect(lives).toEqual([RESULTS, RESULTS])
    const { shared } = lives[1] as { shared: { rows: unknown[]; first: unknown } }
    expect(shared.first).toBe(shared.rows[0])
  })

  test('R3: a large result that is cancelled while it is encoded is not recorded', async () => {
    const box = await sandbox(place)
    const reasons: unknown[] = []
    const flow = workflow({
      name: 'flow',
      execute: () =>
        race({
          large: step('large', ({ signal }) => {
            signal.addEventListener('abort', () => reasons.push(signal.reason))
            return [1, 2, 3, 4].map((copy) => rows.map((row) => ({ ...row, copy })))
          }),
          quick: step('quick', () => 'won'),
        }),
    })
    expect(await flow.run(undefined, { engine: box.engine, id: 'x' })).toEqual({
      winner: 'quick',
      value: 'won',
    })
    expect(reasons).toEqual([expect.any(CancelledError)])
    for (let turns = 0; turns < 500; turns++) await turn()
    const { journal } = await box.engine.inspect('x')
    expect(journal.map(({ completion }) => completion.key)).toEqual(['quick'])
  })
})

test('a step that times out while its large result is encoded has timed out, once', async () => {
  const clock = new VirtualClock(0)
  const engine = createEngine({ store: memoryStore(), clock })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const called = Promise.withResolvers<void>()
  const flow = workflow({
    name: 'flow',
    execute: () =>
      step('large', () => (called.resolve(), rows), { timeout: '1s' }).catch((error: unknown) => error),
  })
  const run = await flow.start(undefined, { engine, id: 'x' })
  await called.promise
  await turn()
  clock.advance(1000)
  expect(await run.result()).toMatchObject({
    code: 'STEP_FAILED',
    cause: expect.any(TimeoutError) as unknown,
  })
  for (let turns = 0; turns < 200; turns++) await turn()
  const { journal } = await engine.inspect('x')
  expect(journal.map(({ completion }) => completion.kind)).toEqual(['step-failed'])
})
