import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createEngine,
  type EmbeddedEngine,
  type EngineOptions,
  memoryStore,
  parallel,
  step,
  workflow,
} from 'ai-workflows'
import { StoreError } from '../../src/core/errors.ts'
import type { Clock } from '../../src/core/ports/clock.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { systemClock } from '../../src/core/system-clock.ts'
import { faultyStore, type FaultPoint } from '../store/fault-points.ts'
import { open } from '../store/places.ts'
import { folder } from '../support/folder.ts'
import { command, mountTmpfs } from '../store/processes.ts'

function engineOf(options: EngineOptions): EmbeddedEngine {
  const engine = createEngine({ log: { debug() {}, info() {}, warn() {}, error() {} }, ...options })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

/** When an engine that could not even say that it has ended counts as dead. */
const LATER: Clock = { ...systemClock, now: () => Date.now() + 60_000 }

/** Steps one after the other, each with a result of this size; `ran` counts how often each did run. */
function chain(count: number, size: number) {
  const ran = new Map<string, number>()
  const code = workflow({
    name: 'chain',
    execute: async () => {
      let length = 0
      for (let n = 0; n < count; n++) {
        const result = await step(`s${n}`, () => {
          ran.set(`s${n}`, (ran.get(`s${n}`) ?? 0) + 1)
          return 'x'.repeat(size)
        })
        length += result.length
      }
      return length
    },
  })
  const repeated = (): string[] => [...ran].filter(([, times]) => times > 1).map(([name]) => name)
  return { code, ran, repeated }
}

async function problemOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error instanceof StoreError ? error.problem : String(error)),
  )
}

describe('R2 R5 an I/O error at a commit', () => {
  it.for<[FaultPoint, string[]]>([
    ['before-commit', ['s2']],
    ['after-commit', []],
  ])(
    '%s: the engine acknowledges nothing any more; opened again, it repeats only what is not in the file: %j',
    async ([point, again]) => {
      const file = join(folder(), 'runs.db')
      const { store, arm } = await faultyStore(file)
      const { code, ran, repeated } = chain(5, 10)
      const engine = engineOf({ store })
      const other = chain(3, 10)
      // Creation, heartbeat and claim have commits of their own, then each step.
      const handle = await engine.start(code, undefined, { id: 'a' })
      const watched = new Promise<void>((resolve) => {
        engine.on('*', (event) => {
          if (event.kind === 'step.completed' && event.key === 's1') resolve()
          if (event.kind === 'step.started' && event.key === 's2') arm(point, 'io')
        })
      })
      expect(await problemOf(handle.result())).toBe('io')
      await watched
      expect([...ran.keys()]).toEqual(['s0', 's1', 's2'])
      expect(await problemOf(handle.result())).toBe('io')
      expect(await problemOf(engine.start(other.code, undefined, { id: 'b' }))).toBe('io')
      expect(other.ran.size).toBe(0)
      await engine.stop()
      const next = engineOf({ store: await open({ file }), clock: LATER })
      expect(await next.get(code, 'a').result()).toBe(50)
      expect(repeated()).toEqual(again)
    },
  )

  it('is everybody’s: runs that share the transaction end too, and all go on', async () => {
    const file = join(folder(), 'runs.db')
    const { store, arm } = await faultyStore(file)
    const engine = engineOf({ store })
    const code = workflow({
      name: 'wide',
      execute: async (_ctx, id: string) => {
        const values = await parallel([0, 1, 2].map((n) => step(`${id}-${n}`, () => n)))
        return values.length
      },
    })
    const ids = ['a', 'b', 'c']
    const handles = await Promise.all(ids.map((id) => engine.start(code, id, { id })))
    arm('after-commit', 'io')
    const problems = await Promise.all(handles.map((handle) => problemOf(handle.result())))
    expect(problems).toEqual(['io', 'io', 'io'])
    await engine.stop()
    const next = engineOf({ store: await open({ file }), clock: LATER })
    expect(await Promise.all(ids.map((id) => next.get(code, id).result()))).toEqual([3, 3, 3])
  })
})

describe('R5 a full disk', () => {
  it('ends the execution; the same engine goes on with the run once there is space', async ({ skip }) => {
    const dir = folder()
    if (!mountTmpfs(dir)) return skip('needs permission to mount a small disk')
    const ballast = join(dir, 'ballast')
    writeFileSync(ballast, Buffer.alloc(7 << 18))
    const { code, ran, repeated } = chain(12, 100_000)
    const engine = engineOf({ dir })
    const handle = await engine.start(code, undefined, { id: 'a' })
    expect(await problemOf(handle.result())).toBe('full')
    expect(await problemOf(engine.backup(join(dir, 'copy')))).toBe('full')
    const reached = ran.size
    expect(reached).toBeLessThan(12)
    rmSync(ballast)
    expect(await handle.result()).toBe(1_200_000)
    expect(repeated().length).toBeLessThanOrEqual(1)
    expect(await engine.doctor()).toMatchObject({ healthy: true })
  })

  it('that becomes read-only is refused at opening, by name, and the same engine works once it is not', async ({
    skip,
  }) => {
    const dir = folder()
    if (!mountTmpfs(dir)) return skip('needs permission to mount a small disk')
    const { code } = chain(2, 10)
    const first = engineOf({ dir })
    await (await first.start(code, undefined, { id: 'a' })).result()
    await first.stop()
    command('mount', '-o', 'remount,ro', dir)
    const engine = engineOf({ dir })
    expect(await problemOf(engine.start(code, undefined, { id: 'b' }))).toBe('read-only')
    command('mount', '-o', 'remount,rw', dir)
    expect(await (await engine.start(code, undefined, { id: 'b' })).result()).toBe(20)
    expect(await engine.get(code, 'a').result()).toBe(20)
  })
})

describe('R5 a value that is too large', () => {
  it('fails its own run only, whoever shares its transaction', async () => {
    const { maintenance: _, ...store } = memoryStore()
    const commit: Store['commit'] = async (writes) => {
      for (const each of writes)
        if (
          each.kind === 'completion' &&
          'payload' in each.entry.completion &&
          each.entry.completion.payload.length > 1000
        )
          throw new StoreError('unsupported', 'cannot hold a value this large')
      return await store.commit(writes)
    }
    const engine = engineOf({ store: { ...store, commit } })
    const code = workflow({
      name: 'sized',
      execute: async (_ctx, size: number) => (await step('s', () => 'x'.repeat(size))).length,
    })
    const handles = await Promise.all([10, 2000, 20].map((size) => engine.start(code, size)))
    const outcomes = await Promise.all(handles.map((handle) => problemOf(handle.result())))
    expect(outcomes).toEqual(['none', 'unsupported', 'none'])
  })
})
