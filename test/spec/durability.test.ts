/** R1, R2, R5 and R6 as a user meets them. (Crashes of real processes are in test/crash, stores in test/store.) */
import { createEngine, memoryStore, parallel, step, StoreError, workflow } from 'ai-workflows'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FakeClock } from './support/fake-clock.ts'
import { aborted, gates, quiet } from './support/gate.ts'
import { LogBook, PLACES, sandbox, started } from './support/sandbox.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe.each(PLACES)('on %s', (place) => {
  test('R1: an outcome is recorded exactly once, and after that the function never runs again', async () => {
    const box = await sandbox(place)
    const calls = new Map<string, number>()
    const door = gates()
    let life = 0
    const count = (name: string): void => void calls.set(name, (calls.get(name) ?? 0) + 1)
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        const leave = door(`${++life}`)
        await parallel(Array.from({ length: 20 }, (_, index) => step(`${index}`, () => count(`${index}`))))
        await step('fails', () => (count('fails'), Promise.reject(new Error('no')))).catch(() => undefined)
        await step('cut off', () => (count('cut off'), leave.pass()))
      },
    })
    for (let crash = 1; crash <= 3; crash++) {
      await flow.start(undefined, { engine: box.engine, id: 'x' })
      await door(`${crash}`).reached
      await box.restart()
    }
    door('4').open()
    await flow.run(undefined, { engine: box.engine, id: 'x' })
    expect(calls.get('cut off')).toBe(4)
    calls.delete('cut off')
    expect([...calls.values()]).toEqual(Array.from({ length: 21 }, () => 1))
    const { journal } = await box.engine.inspect('x')
    expect(journal).toHaveLength(22)
  })

  test('R2: await on an operation returns only after its outcome is stored: another reader sees it', async () => {
    const box = await sandbox(place)
    const flow = workflow({
      name: 'flow',
      execute: async (ctx) => {
        const seen: number[] = []
        for (let i = 0; i < 5; i++) {
          await parallel([step('a', () => 1), step('b', () => 2)])
          seen.push((await box.engine.inspect(ctx.id)).journal.length)
        }
        return seen
      },
    })
    expect(await flow.run(undefined, { engine: box.engine, id: 'x' })).toEqual([2, 4, 6, 8, 10])
  })

  test('R6: engine.stop lets running steps end within the grace period, and records them', async () => {
    const clock = new FakeClock()
    const box = await sandbox(place, { clock })
    const door = gates()
    const flow = workflow({
      name: 'flow',
      execute: async () => {
        await parallel([
          step('ends in time', () => door('in time').pass()),
          step(
            'ends too late',
            async ({ signal }) => await Promise.race([door('late').pass(), aborted(signal)]),
          ),
        ])
        await step('next', () => 1)
      },
    })
    const run = await flow.start(undefined, { engine: box.engine, id: 'x' })
    const outcome = Promise.allSettled([run.result()])
    await Promise.all([door('in time').reached, door('late').reached])
    const { engine } = box
    const stopped = engine.stop({ grace: '10s' })
    await clock.armed(10_000)
    await expect(flow.start(undefined, { engine, id: 'y' })).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
    door('in time').open()
    await quiet()
    await clock.advance(10_000)
    await stopped
    expect(await outcome).toMatchObject([{ status: 'rejected', reason: { code: 'ENGINE_STOPPED' } }])
    await box.restart()
    door('late').open()
    await flow.run(undefined, { engine: box.engine, id: 'x' })
    expect(started(box.events)).toEqual(['ends in time', 'ends too late', 'ends too late', 'next'])
  })

  test('R6: stopping twice, before the first use, and while nothing runs', async () => {
    const box = await sandbox(place)
    await box.engine.stop()
    await box.engine.stop()
    await expect(box.engine.list()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
    await box.restart()
    const flow = workflow({ name: 'flow', execute: () => 1 })
    expect(await flow.run(undefined, { engine: box.engine })).toBe(1)
    await box.engine.stop()
  })

  test('R6: every run is resumable: engine.resume takes them all up', async () => {
    const box = await sandbox(place)
    const door = gates()
    let life = 1
    const flow = workflow({
      name: 'flow',
      execute: async (ctx, n: number) => {
        await step('first', () => undefined)
        return await step('wait', () => (life === 1 ? (door(ctx.id).open(), never()) : n))
      },
    })
    const ids = Array.from({ length: 5 }, (_, index) => `run ${index}`)
    for (const [n, id] of ids.entries()) await flow.start(n, { engine: box.engine, id })
    await Promise.all(ids.map((id) => door(id).promise))
    await box.restart()
    life = 2
    const handles = await box.engine.resume([flow])
    expect(handles.map(({ id }) => id).toSorted((a, b) => a.localeCompare(b))).toEqual(ids)
    expect(await Promise.all(ids.map((id) => flow.get(id, { engine: box.engine }).result()))).toEqual([
      0, 1, 2, 3, 4,
    ])
    expect(started(box.events).filter((key) => key === 'first')).toHaveLength(5)
  })
})

test('R5: a store that cannot write gives a StoreError that says so, and the run stays resumable', async () => {
  const store = { ...memoryStore(), close: () => Promise.resolve() }
  let full = false
  const log = new LogBook()
  const make = (): ReturnType<typeof createEngine> =>
    createEngine({
      log,
      store: {
        ...store,
        commit: async (writes) => {
          if (full) throw new StoreError('full', 'The disk is full: free some space')
          return await store.commit(writes)
        },
      },
    })
  const [engine, later] = [make(), make()]
  onTestFinished(async () => {
    await engine.stop({ grace: 0 })
    await later.stop({ grace: 0 })
  })
  let calls = 0
  const flow = workflow({
    name: 'flow',
    execute: async () => {
      await step('before', () => ++calls)
      await step('fills the disk', () => {
        full = true
      })
      return await step('after', () => ++calls)
    },
  })
  const run = await flow.start(undefined, { engine, id: 'x' })
  await expect(run.result()).rejects.toMatchObject({
    code: 'STORE',
    problem: 'full',
    message: expect.stringContaining('disk is full') as string,
  })
  full = false
  await engine.stop({ grace: 0 })
  const refills = workflow({
    name: 'flow',
    execute: async () => {
      await step('before', () => ++calls)
      await step('fills the disk', () => undefined)
      return await step('after', () => ++calls)
    },
  })
  expect(await refills.run(undefined, { engine: later, id: 'x' })).toBe(2)
})
