/** E4: what a step is told when its run goes on elsewhere or later, and not here: the reasons of a single process are in reasons.test.ts. */
import { createEngine, type EmbeddedEngine, memoryStore, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { expect, onTestFinished, test } from 'vitest'
import { faultyStore, lasting } from '../attack/support/faulty-store.ts'
import { aborted, gate, quiet } from './support/gate.ts'
import { LogBook } from './support/sandbox.ts'

/** A run with a step that waits for its abort, over a store that can fail. */
function place() {
  const faulty = faultyStore(lasting(memoryStore()))
  const [began, reason, other] = [gate(), gate<unknown>(), gate()]
  const clock = new VirtualClock(Date.now())
  const start = (own: VirtualClock = clock): EmbeddedEngine => {
    const engine = createEngine({ store: faulty.store, clock: own, log: new LogBook() })
    onTestFinished(() => engine.stop({ grace: 0 }))
    return engine
  }
  const waits = () =>
    step('waits', async ({ signal }) => {
      began.open()
      reason.open(await aborted(signal))
      signal.throwIfAborted()
    })
  return { faulty, began, reason, other, clock, start, waits }
}

test('E4, R5: run-interrupted, when the store failed; the cause says so, and the run is resumable', async () => {
  const { faulty, began, reason, other, start, waits } = place()
  const flow = workflow({
    name: 'w',
    execute: async () => await Promise.all([waits(), step('other', () => other.pass())]),
  })
  const engine = start()
  const run = await flow.start({}, { id: 'r', engine })
  run.result().catch(() => undefined)
  await Promise.all([began.promise, other.reached])
  faulty.fail('commit', { problem: 'full' })
  other.open()
  expect(await reason.promise).toMatchObject({
    code: 'CANCELLED',
    kind: 'run-interrupted',
    cause: { code: 'STORE', problem: 'full' },
    message: expect.stringContaining('resumable') as string,
  })
  await quiet()
  expect(await run.status()).toBe('pending')
})

test('E4, D5: run-interrupted, when the run is parked because its child is', async () => {
  const { began, reason, clock, start, waits } = place()
  const held = gate()
  let version = 1
  const child = workflow({
    name: 'child',
    execute: async () => {
      if (version === 1) await step('only in the first', () => undefined)
      await step('held', () => held.pass())
    },
  })
  const parent = workflow({
    name: 'parent',
    execute: async (ctx) => await Promise.all([ctx.invoke(child, {}), version === 1 ? undefined : waits()]),
  })
  const first = start()
  await parent.start({}, { id: 'p', engine: first })
  await held.reached
  await first.stop({ grace: 0 })
  version = 2
  const result = parent.get('p', { engine: start() }).result()
  const failure = result.catch((error: unknown) => error)
  await began.promise
  await quiet()
  clock.advance(5000)
  expect(await failure).toMatchObject({ code: 'RUN_BLOCKED' })
  expect(await reason.promise).toMatchObject({ kind: 'run-interrupted', cause: { code: 'RUN_BLOCKED' } })
})

test('E4, R3: run-taken-over, when another process executes the run: clean up nothing that it needs', async () => {
  const { began, reason, other, start, waits } = place()
  let executions = 0
  const flow = workflow({
    name: 'w',
    execute: async () => {
      if (++executions > 1) return 'elsewhere'
      return await Promise.all([waits(), step('other', () => other.pass())])
    },
  })
  const clocks = [new VirtualClock(Date.now()), new VirtualClock(Date.now())] as const
  const run = await flow.start({}, { id: 'r', engine: start(clocks[0]) })
  run.result().catch(() => undefined)
  await Promise.all([began.promise, other.reached])
  clocks[1].advance(60_000)
  expect(await (await flow.start({}, { id: 'r', engine: start(clocks[1]) })).result()).toBe('elsewhere')
  other.open()
  expect(await reason.promise).toMatchObject({
    code: 'CANCELLED',
    kind: 'run-taken-over',
    cause: { code: 'STORE', problem: 'fenced' },
  })
})

test('E4, M9: a child is told run-cancelled, with the reason for which its parent gave it up, whatever that is', async () => {
  const { began, reason, start, waits } = place()
  const child = workflow({ name: 'child', execute: async () => await waits() })
  const parent = workflow({
    name: 'parent',
    execute: async (ctx) =>
      await ctx.race({ child: ctx.invoke(child, {}), quick: step('quick', () => began.promise) }),
  })
  await parent.run({}, { engine: start() })
  expect(await reason.promise).toMatchObject({
    kind: 'run-cancelled',
    cause: { code: 'CANCELLED', kind: 'race-lost', by: 'quick' },
  })
})
