/** `waitForCancelled`: a group returns when what it cancelled has really stopped, or the time for that is up. */
import {
  any,
  type Context,
  createEngine,
  type EmbeddedEngine,
  type GroupOptions,
  memoryStore,
  type Operation,
  parallel,
  race,
  type RunHandle,
  step,
  workflow,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Gate, gate, quiet } from './support/gate.ts'
import { lingeringChild, lingers } from './support/lingering.ts'
import { LogBook } from './support/sandbox.ts'

/** Something that takes its time to stop: it has begun when `held` is reached, and ends when that is opened. */
type Slow = (ctx: Context, held: Gate) => Operation<unknown> | (() => Promise<unknown>)

const SLOW: Readonly<Record<string, Slow>> = {
  'a step': (_, held) => step('s', () => held.pass()),
  'the attempts of a step that timed out, while it backs off': (_, held) =>
    step('s', () => held.pass(), {
      timeout: 1,
      retry: { maxAttempts: 2, initialDelay: '1d', maxDelay: '1d' },
    }),
  'a function branch with a step': (_, held) => async () => await step('s', () => held.pass()),
  'the code of a function branch': (ctx, held) => async () => await lingers(ctx, held),
  'a group in it': (_, held) => any([race([parallel([step('s', () => held.pass())])])]),
  'groups of function branches': (_, held) => async () =>
    await parallel({ a: async () => await race([async () => await step('s', () => held.pass())]) }),
  'a helper that a branch only called': (_, held) => async () => {
    await Promise.all([step('s', () => held.pass()), step('t', () => held.promise)])
  },
  'a child run': (ctx, held) => ctx.invoke(lingeringChild(held), {}),
  'a child of a child, in groups': (ctx, held) => {
    const middle = workflow({
      name: 'middle',
      execute: (inner) =>
        parallel([race([inner.invoke(lingeringChild(held), {})], { waitForCancelled: true })], {
          waitForCancelled: true,
        }),
    })
    return async () => await race([ctx.invoke(middle, {})])
  },
}

interface World {
  readonly clock: VirtualClock
  readonly trigger: Gate
  readonly controller: AbortController
}

/** Ways in which a group comes to give up a branch. */
interface Way {
  group(slow: ReturnType<Slow>, options: GroupOptions, world: World): PromiseLike<unknown>
  act(world: World): void
}

const open = ({ trigger }: World): void => trigger.open()
const winner = ({ trigger }: World): Operation<void> => step('winner', () => trigger.promise)

const WAYS: Readonly<Record<string, Way>> = {
  'a sibling that failed': {
    group: (slow, options, { trigger }) =>
      parallel(
        [slow, step('bad', () => trigger.promise.then(() => Promise.reject(new Error('bad'))))],
        options,
      ),
    act: open,
  },
  'a race that was won': {
    group: (slow, options, world) => race([slow, winner(world)], options),
    act: open,
  },
  'an any that was won': {
    group: (slow, options, world) => any({ slow, winner: winner(world) }, options),
    act: open,
  },
  'the time that was up': {
    group: (slow, options) => parallel([slow], { ...options, timeout: '1m' }),
    act: ({ clock }) => clock.advance(60_000),
  },
  'the time that was up, with a partial result': {
    group: (slow, options) =>
      parallel([slow], { ...options, timeout: '1m', timeoutValue: 'partial', settle: true }),
    act: ({ clock }) => clock.advance(60_000),
  },
  'an abort from outside': {
    group: (slow, options, { controller }) => race([slow], { ...options, signal: controller.signal }),
    act: ({ controller }) => controller.abort(),
  },
}

interface Running extends World {
  readonly held: Gate
  readonly run: RunHandle
  readonly engine: EmbeddedEngine
  /** Whether the group has returned. */
  returned(): Promise<boolean>
  /** Lets time pass; a child is looked at every 200 ms. */
  pass(milliseconds: number): Promise<void>
}

async function begin(
  slow: Slow,
  way: Way,
  waitForCancelled: NonNullable<GroupOptions['waitForCancelled']>,
): Promise<Running> {
  const clock = new VirtualClock(Date.now())
  const engine = createEngine({ store: memoryStore(), clock, log: new LogBook(), abortGrace: '1w' })
  onTestFinished(() => engine.stop({ grace: 0 }))
  const held = gate()
  const world: World = { clock, trigger: gate(), controller: new AbortController() }
  let done = false
  const flow = workflow({
    name: 'w',
    execute: async (ctx) => {
      await way.group(slow(ctx, held), { waitForCancelled }, world).then(null, () => undefined)
      done = true
    },
  })
  const run = await flow.start({}, { id: 'r', engine })
  run.result().catch(() => undefined)
  await held.reached
  await quiet()
  clock.advance(10) // the attempt that times out
  await quiet()
  way.act(world)
  await quiet()
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds)
    await quiet()
  }
  return { ...world, held, run, engine, pass, returned: () => quiet().then(() => done) }
}

for (const [by, way] of Object.entries(WAYS))
  describe(`waitForCancelled, given up because of ${by}`, () => {
    for (const [what, slow] of Object.entries(SLOW)) {
      test(`by default: returns at once, whatever becomes of ${what}`, async () => {
        const { returned, held } = await begin(slow, way, false)
        expect(await returned()).toBe(true)
        held.open()
      })

      test(`true: as long as ${what} takes`, async () => {
        const { returned, held, pass } = await begin(slow, way, true)
        for (let hour = 0; hour < 5; hour++) await pass(3_600_000)
        expect(await returned()).toBe(false)
        held.open()
        await pass(200)
        expect(await returned()).toBe(true)
      })

      test(`a duration: not longer than that, with ${what}`, async () => {
        const { returned, held, pass } = await begin(slow, way, '10s')
        await pass(9_999)
        expect(await returned()).toBe(false)
        await pass(1)
        expect(await returned()).toBe(true)
        held.open()
      })

      test(`a duration: not longer than ${what} takes`, async () => {
        const { returned, held, pass } = await begin(slow, way, '10s')
        await pass(5000)
        expect(await returned()).toBe(false)
        held.open()
        await pass(200)
        expect(await returned()).toBe(true)
      })
    }
  })

describe('waitForCancelled in groups of groups', () => {
  const deaf = (held: Gate): Operation<void> => step('deaf', () => held.pass())
  const boom = (trigger: Gate): Operation<never> =>
    step('boom', () => trigger.promise.then(() => Promise.reject(new Error('boom'))))

  /** An inner and an outer group, and what of them has returned when both were given up. */
  async function nested(
    inner: NonNullable<GroupOptions['waitForCancelled']>,
    outer: NonNullable<GroupOptions['waitForCancelled']>,
  ): Promise<Running> {
    const slow: Slow = (_, held) => parallel([deaf(held)], { waitForCancelled: inner })
    return await begin(slow, WAYS['a race that was won'] as Way, outer)
  }

  test('an outer group that does not wait returns at once, though the inner one would wait', async () => {
    const { returned, held } = await nested(true, false)
    expect(await returned()).toBe(true)
    held.open()
  })

  test('an outer group that waits does so for the branches of an inner one that would not', async () => {
    const { returned, held, pass } = await nested(false, true)
    await pass(60_000)
    expect(await returned()).toBe(false)
    held.open()
    expect(await returned()).toBe(true)
  })

  test('and longer than the inner one would', async () => {
    const { returned, held, pass } = await nested('1s', true)
    await pass(60_000)
    expect(await returned()).toBe(false)
    held.open()
    expect(await returned()).toBe(true)
  })

  test('and shorter', async () => {
    const { returned, held, pass } = await nested(true, '1s')
    await pass(1000)
    expect(await returned()).toBe(true)
    held.open()
  })

  test('a branch that failed by itself was not cancelled, and is not waited for: not even its function that timed out', async () => {
    const slow: Slow = (_, held) => step('s', () => held.pass(), { timeout: 1 })
    const { returned, held } = await begin(slow, WAYS['a sibling that failed'] as Way, true)
    expect(await returned()).toBe(true)
    held.open()
  })

  test('M2: a step that somebody else still wants was not cancelled, and is not waited for', async () => {
    const clock = new VirtualClock(Date.now())
    const engine = createEngine({ store: memoryStore(), clock, log: new LogBook() })
    onTestFinished(() => engine.stop({ grace: 0 }))
    const [held, trigger] = [gate(), gate()]
    const order: string[] = []
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const shared = step('shared', async ({ signal }) => {
          await held.pass()
          order.push(`shared ends, ${signal.aborted ? 'aborted' : 'wanted'}`)
        })
        const others = parallel([shared])
        const giving = parallel([shared, boom(trigger)], { waitForCancelled: true })
        await Promise.all([giving.catch(() => order.push('group returns')), others])
      },
    })
    const run = await flow.start({}, { engine })
    await held.reached
    trigger.open()
    await quiet()
    expect(order).toEqual(['group returns'])
    held.open()
    await run.result()
    expect(order).toEqual(['group returns', 'shared ends, wanted'])
  })

  test('when the run is cancelled, its code goes on when what it waits for has stopped', async () => {
    const { returned, held, run, pass } = await begin(
      (_, at) => parallel([step('s', () => at.pass())], { waitForCancelled: true }),
      { group: (slow, options) => parallel([slow], options), act: () => undefined },
      true,
    )
    await run.cancel()
    await quiet()
    await pass(60_000)
    expect(await returned()).toBe(false)
    held.open()
    expect(await returned()).toBe(true)
    await expect(run.result()).resolves.toBe(undefined)
  })

  test('when the run is cancelled while the group stops already, it still does', async () => {
    const slow: Slow = (_, at) => step('s', () => at.pass())
    for (const wait of [true, '1h'] as const) {
      const { returned, held, run, pass } = await begin(slow, WAYS['a race that was won'] as Way, wait)
      await run.cancel()
      await quiet()
      await pass(60_000)
      expect(await returned()).toBe(false)
      held.open()
      expect(await returned()).toBe(true)
    }
  })

  test('when the run is cancelled, and a duration was given, not longer than that', async () => {
    const way: Way = { group: (slow, options) => parallel([slow], options), act: () => undefined }
    const { returned, held, run, pass } = await begin((_, at) => step('s', () => at.pass()), way, '10s')
    await run.cancel()
    await quiet()
    await pass(9999)
    expect(await returned()).toBe(false)
    await pass(1)
    expect(await returned()).toBe(true)
    held.open()
  })

  test('when the run is cancelled, and nothing was said, its code goes on at once', async () => {
    const way: Way = { group: (slow, options) => parallel([slow], options), act: () => undefined }
    const { returned, held, run } = await begin((_, at) => step('s', () => at.pass()), way, false)
    await run.cancel()
    await quiet()
    expect(await returned()).toBe(true)
    held.open()
  })
})
