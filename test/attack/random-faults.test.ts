import {
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  race,
  type RunHandle,
  step,
  StoreError,
  workflow,
} from 'ai-workflows'
import { assert, asyncProperty, constantFrom, stringMatching } from 'fast-check'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../src/core/seeded-random.ts'
import { CANCEL_KEY } from '../../src/core/ports/effects.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { lasting } from './support/faulty-store.ts'

/** Fails some of the calls, half of them only after the real store has done what was asked. */
function unreliable(inner: Store, chance: () => number, rate: () => number): Store {
  const verbs = Object.entries(inner).filter(([name]) => name !== 'location' && name !== 'close')
  const shaky = verbs.map(([name, verb]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      const fails = chance() < rate()
      if (fails && chance() < 0.5) throw new StoreError('io', `Injected before ${name}`)
      const answer = await (verb as (...all: unknown[]) => Promise<unknown>)(...args)
      if (fails) throw new StoreError('io', `Injected after ${name}`)
      return answer
    },
  ])
  return { ...inner, ...(Object.fromEntries(shaky) as Partial<Store>) }
}

function books(): { calls: Map<string, number>; flow: ReturnType<typeof define> } {
  const calls = new Map<string, number>()
  const count = (name: string): string => {
    calls.set(name, (calls.get(name) ?? 0) + 1)
    return name
  }
  const child = workflow({
    name: 'child',
    execute: async (ctx, n: number) => [
      await step('c', () => count(`${ctx.id} c`) && n),
      await ctx.waitForEvent<string>('go'),
    ],
  })
  const define = () =>
    workflow({
      name: 'root',
      execute: async (ctx, n: number) => {
        const first = await parallel([
          step('a', () => n),
          ctx.sleep(1),
          async () => [await step('b', () => n), await step('b', () => n + 1)],
        ])
        const won = await race([ctx.invoke(child, -1, { id: `${ctx.id}.loser` }), step('w', () => 'w')])
        const both = await Promise.all([
          ctx.invoke(child, n, { id: `${ctx.id}.kept` }),
          ctx.waitForEvent<string>('go'),
        ])
        return [first, won, both]
      },
    })
  return { calls, flow: define() }
}

const expected = (n: number): unknown => [[n, undefined, [n, n + 1]], 'w', [[n, 'child'], 'root']]

/** Asks again until the store has let it through. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

async function drive(
  engine: EmbeddedEngine,
  flow: ReturnType<typeof books>['flow'],
  n: number,
): Promise<unknown> {
  const id = `r${n}`
  const begun = new Promise<void>((resolve) => {
    engine.on('*', ({ kind, run }) => {
      if (kind === 'run.started' && run === `${id}.kept`) resolve()
    })
  })
  const run: RunHandle = await insist(() => flow.start(n, { id, engine }))
  await insist(() => run.signal('go', 'root'))
  const result = insist(() => run.result())
  await Promise.race([begun, result])
  await insist(() => engine.find(`${id}.kept`).signal('go', 'child'))
  return await result
}

test('R1, R5: whatever the store refuses, and whenever: asked again, every run ends with its result, recorded once, and nothing hangs', async () => {
  const strays: unknown[] = []
  const onStray = (error: unknown): void => void strays.push(error)
  process.on('unhandledRejection', onStray)
  await assert(
    asyncProperty(stringMatching(/^[0-9a-f]{32}$/), constantFrom(0.02, 0.1, 0.3), async (seed, rate) => {
      const random = new SeededRandom(seed)
      const next = (): number => random.float()
      let failing: number = rate
      const inner = lasting(memoryStore())
      const engine = createEngine({ store: unreliable(inner, next, () => failing), log: new LogBook() })
      const { flow } = books()
      try {
        const results = await Promise.all([0, 1, 2, 3].map((n) => drive(engine, flow, n)))
        expect(results).toEqual([0, 1, 2, 3].map(expected))
        for (let no = 1; no <= 12; no++) {
          const keys = (await inner.readJournal(no, 0))
            .map(({ completion }) => completion.key)
            .filter((key) => key !== CANCEL_KEY)
          expect(new Set(keys).size).toBe(keys.length)
        }
      } finally {
        failing = 0
        await engine.stop({ grace: 0 })
      }
    }),
    { numRuns: 60 },
  )
  process.off('unhandledRejection', onStray)
  expect(strays).toEqual([])
})
