/** Cancelling reaches runs below, in whatever process or engine they are executed (M9, R4). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine, type EmbeddedEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { newRun } from '../../src/testing/store-cases/fixtures.ts'
import { aborted, gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { lasting } from './support/faulty-store.ts'

describe('a child that another engine executes', () => {
  /** The parent on one engine, its child on another one. */
  async function apart() {
    const store = lasting(memoryStore())
    const clock = new VirtualClock(Date.now())
    const start = (): EmbeddedEngine => {
      const engine = createEngine({ store, clock, log: new LogBook() })
      onTestFinished(() => engine.stop({ grace: 0 }))
      return engine
    }
    const [begun, tidied, order] = [gate(), gate(), [] as string[]]
    const child = workflow({
      name: 'child',
      execute: async () =>
        await parallel(
          [
            async () =>
              await step('inside', async ({ signal }) => {
                begun.open()
                const reason = (await aborted(signal)) as { kind: string; cause?: { kind: string } }
                order.push(`told ${reason.kind}, because of ${reason.cause?.kind}`)
                await tidied.pass()
                order.push('stopped')
              }),
          ],
          { waitForCancelled: true },
        ),
    })
    const parent = workflow({
      name: 'parent',
      execute: async (ctx) => {
        const group = parallel([ctx.invoke(child, {}), ctx.waitForEvent('never')], {
          waitForCancelled: true,
          timeout: '1h',
        })
        await group.then(null, (error: unknown) => {
          order.push(`parent goes on: ${(error as { code: string }).code}`)
        })
      },
    })
    const [first, second] = [start(), start()]
    await second.work([child])
    await first.work([parent], { concurrency: 1 }) // so that there is no room for the child
    const run = await parent.start({}, { id: 'p', engine: first })
    const pass = async (milliseconds: number): Promise<void> => {
      clock.advance(milliseconds)
      await quiet()
    }
    for (let look = 0; look < 10; look++) await pass(200)
    await begun.promise
    const owners = await Promise.all(['p', 'p/child'].map(async (id) => (await first.lookUp(id))?.owner))
    expect(new Set(owners).size).toBe(2)
    return { run, second, tidied, order, pass }
  }

  test('M9: is told when its parent is cancelled, and the parent ends when it has ended', async () => {
    const { run, second, tidied, order, pass } = await apart()
    await run.cancel('enough')
    for (let look = 0; look < 4; look++) await pass(200)
    await tidied.reached
    for (let look = 0; look < 4; look++) await pass(200)
    expect(order).toEqual(['told run-cancelled, because of run-cancelled'])
    expect(await second.find('p/child').status()).toBe('running')
    tidied.open()
    for (let look = 0; look < 4; look++) await pass(200)
    expect(order.slice(1)).toEqual(['stopped', 'parent goes on: CANCELLED'])
    expect(await second.find('p/child').status()).toBe('cancelled')
  })

  test('E4: is told when its group gives it up, and by what', async () => {
    const { run, second, tidied, order, pass } = await apart()
    await pass(3_600_000)
    for (let look = 0; look < 4; look++) await pass(200)
    await tidied.reached
    expect(order).toEqual(['told run-cancelled, because of timeout'])
    tidied.open()
    for (let look = 0; look < 4; look++) await pass(200)
    await run.result()
    expect(order.slice(1)).toEqual(['stopped', 'parent goes on: TIMEOUT'])
    expect(await second.find('p/child').status()).toBe('cancelled')
  })
})

describe('a family of runs, each in a process of its own', () => {
  const script = fileURLToPath(new URL('support/family.ts', import.meta.url))

  async function family() {
    const dir = await mkdtemp(join(tmpdir(), 'ai-workflows-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const books = join(dir, 'books')
    const processes = new Map<string, ChildProcess>()
    await Promise.all(
      ['parent', 'child', 'grandchild'].map(async (name) => {
        const child = spawn(process.execPath, ['--no-warnings', script, dir, books, name], {
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        onTestFinished(() => void child.kill('SIGKILL'))
        processes.set(name, child)
        await once(child.stdout, 'data')
      }),
    )
    const engine = createEngine({ dir, log: new LogBook() })
    onTestFinished(() => engine.stop({ grace: 0 }))
    const lines = (): string[] => (existsSync(books) ? readFileSync(books, 'utf8').trimEnd().split('\n') : [])
    // Recorded, and executed by whoever works on parents; the others follow.
    const store = await sqliteStore({ dir })
    await store.createRun({ ...newRun('p'), workflow: 'parent', input: engine.codec.encode({}, 'input') })
    await store.close()
    while (!lines().includes('deep begins')) await new Promise((resolve) => setTimeout(resolve, 20))
    return { engine, processes, lines }
  }

  test('M9, R4: cancelled from a fourth one, each ends after the one below has ended', async () => {
    const { engine, lines } = await family()
    const pids = await Promise.all(
      (await engine.list()).map(async (record) => (await engine.executorOf(record))?.pid),
    )
    expect(new Set(pids).size).toBe(3)
    await engine.find('p').cancel('enough')
    await expect(engine.find('p').result()).rejects.toMatchObject({ kind: 'run-cancelled', cause: 'enough' })
    expect(lines()).toEqual([
      'deep begins',
      'deep is told run-cancelled',
      'deep has stopped',
      'grandchild ends in grandchild',
      'parent goes on',
    ])
    expect((await engine.list()).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })

  test('R4: when the process of the child was killed, its parent’s takes it up, so that it can end', async () => {
    const { engine, lines, processes } = await family()
    const child = processes.get('child')
    child?.kill('SIGKILL')
    if (child !== undefined) await once(child, 'close')
    await engine.find('p').cancel('enough')
    await expect(engine.find('p').result()).rejects.toMatchObject({ kind: 'run-cancelled', cause: 'enough' })
    expect(lines().slice(1)).toEqual([
      'deep is told run-cancelled',
      'deep has stopped',
      'grandchild ends in grandchild',
      'parent goes on',
    ])
    expect((await engine.list()).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })
})
