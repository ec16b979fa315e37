import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  CancelledError,
  createEngine,
  type EmbeddedEngine,
  parallel,
  type RunEvent,
  step,
  workflow,
} from '../../src/index.ts'
import { readEntries, readRuns } from './support/books.ts'

// R6 on the SQLite store: the engine that stops closes it, and another one opens it.
let dir: string
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'graceful-'))
  dir = made
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
})

function open(): EmbeddedEngine {
  const engine = createEngine({ dir })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** Resolves when the engine tells of such an event. */
function told(engine: EmbeddedEngine, fits: (event: RunEvent) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = engine.on('*', (event) => {
      if (!fits(event)) return
      stop()
      resolve()
    })
  })
}

/** A gate that a step waits at, with a record of who came. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  let calls = 0
  return {
    open: resolve,
    arrived,
    get calls() {
      return calls
    },
    pass: async (): Promise<void> => {
      calls++
      arrive()
      await promise
    },
  }
}

describe('R6: engine.stop()', () => {
  test('lets a running step end and records it; queued branches do not start, and run after the restart', async () => {
    const door = gate()
    const calls: string[] = []
    const call = (name: string): void => void calls.push(name)
    const work = workflow({
      name: 'work',
      execute: async () =>
        await parallel(
          [
            step('first', async () => {
              await door.pass()
              return 'ended in time'
            }),
            step('second', () => call('second')),
            step('third', () => call('third')),
          ],
          { concurrency: 1 },
        ),
    })
    const first = open()
    const run = await work.start({}, { id: 'run', engine: first })
    const result = run.result().catch((error: unknown) => error)
    await door.arrived
    const stopped = first.stop({ grace: '1h' })
    door.open()
    await stopped
    expect(await result).toMatchObject({ code: 'ENGINE_STOPPED' })
    expect(calls).toEqual([])
    expect(readEntries(dir).map(({ kind, key }) => [kind, key])).toEqual([['step-done', 'first']])
    expect(readRuns(dir)).toMatchObject([{ id: 'run', status: 'pending', owner: null }])

    const output = await work.get('run', { engine: open() }).result()
    expect(output).toEqual(['ended in time', undefined, undefined])
    expect([door.calls, ...calls]).toEqual([1, 'second', 'third'])
  })

  test('aborts what outlasts the grace period with kind "engine-stopping"; it runs again after the restart', async () => {
    const { promise: began, resolve: begin } = Promise.withResolvers<void>()
    const reasons: unknown[] = []
    const work = workflow({
      name: 'work',
      execute: async () =>
        await step('slow', async ({ signal, attempt }) => {
          if (attempt > 1) return `attempt ${attempt}`
          begin()
          await new Promise<void>((resolve) =>
            signal.addEventListener('abort', () => resolve(), { once: true }),
          )
          reasons.push(signal.reason)
          return 'too late'
        }),
    })
    const first = open()
    await work.start({}, { id: 'run', engine: first })
    await began
    await first.stop({ grace: 1 })
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toBeInstanceOf(CancelledError)
    expect(reasons[0]).toMatchObject({ kind: 'engine-stopping' })
    expect(readEntries(dir)).toEqual([])

    // The first attempt was cut off, and counts.
    expect(await work.get('run', { engine: open() }).result()).toBe('attempt 2')
  })

  test('R3: what an aborted step returns after all is not recorded', async () => {
    const door = gate()
    const work = workflow({
      name: 'work',
      execute: async () =>
        await step('stubborn', async ({ attempt }) => {
          if (attempt === 1) await door.pass()
          return attempt
        }),
    })
    const first = open()
    await work.start({}, { id: 'run', engine: first })
    await door.arrived
    await first.stop({ grace: 0 })
    door.open()
    expect(await work.get('run', { engine: open() }).result()).toBe(2)
  })

  test('leaves parents and children resumable, waits and retries included', async () => {
    const calls: string[] = []
    const child = workflow({
      name: 'child',
      execute: async (ctx, n: number) => {
        await step('before', () => void calls.push(`before ${n}`))
        const got = await ctx.waitForEvent<string>('go')
        return await step('after', () => `${n} ${got}`)
      },
    })
    const parent = workflow({
      name: 'parent',
      execute: async (ctx) =>
        await parallel([
          ctx.invoke(child, 1),
          ctx.invoke(child, 2),
          async () => {
            await ctx.sleep('20ms')
            return 'slept'
          },
          step(
            'again',
            ({ attempt }) => {
              calls.push(`again ${attempt}`)
              if (attempt === 1) throw new Error('not yet')
              return attempt
            },
            { retry: { maxAttempts: 2, initialDelay: 30, jitter: false } },
          ),
        ]),
    })
    const first = open()
    const both = new Set<string>()
    const settled = told(first, (event) => {
      if (event.kind === 'step.completed' && event.key === 'before') both.add(event.run)
      if (event.kind === 'step.retrying') both.add('again')
      return both.size === 3
    })
    await parent.start({}, { id: 'run', engine: first })
    await settled
    await first.stop()
    expect(readRuns(dir).map(({ status, owner }) => [status, owner])).toEqual(
      Array.from({ length: 3 }, () => ['pending', null]),
    )

    const second = open()
    await second.find('run/child').signal('go', 'a')
    await second.find('run/child#2').signal('go', 'b')
    const [handle, ...others] = await second.resume([parent, child])
    expect(others).toEqual([])
    expect(await handle!.result()).toEqual(['1 a', '2 b', 'slept', 2])
    expect(calls.toSorted()).toEqual(['again 1', 'again 2', 'before 1', 'before 2'])
  })

  test('is the end: nothing starts any more, stopping again does nothing, and whoever asks is told', async () => {
    const work = workflow({ name: 'work', execute: async () => 'done' })
    const engine = open()
    await work.run({}, { id: 'run', engine })
    await engine.stop()
    await engine.stop()
    for (const asked of [work.start({}, { engine }), work.get('run', { engine }).result(), engine.list()])
      await expect(asked).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
  })

  test('of an engine that was never used opens nothing', async () => {
    const engine = createEngine({ dir: join(dir, 'unused') })
    await engine.stop()
    expect(readRuns(join(dir, 'unused'))).toEqual([])
  })
})
