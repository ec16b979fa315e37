import {
  any,
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  race,
  step,
  workflow,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aborted, gate, quiet } from '../spec/support/gate.ts'
import { LogBook } from '../spec/support/sandbox.ts'
import { lasting } from './support/faulty-store.ts'

function engineOver(store = memoryStore(), clock?: VirtualClock): EmbeddedEngine {
  const engine = createEngine({ store, log: new LogBook(), ...(clock === undefined ? {} : { clock }) })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

const cancelled = expect.objectContaining({ code: 'CANCELLED', kind: 'run-cancelled' })

describe('cancelling a run', () => {
  test('M9, M10: every step below is aborted with the same reason: nested groups, function branches, children of children', async () => {
    const engine = engineOver()
    const reasons: string[] = []
    const [ready, down] = [gate(), [] as Promise<unknown>[]]
    let waiting = 0
    const wait = (name: string, of: number) =>
      step(name, async ({ signal }) => {
        if (++waiting === of) ready.open()
        const reason = (await aborted(signal)) as { kind: string; cause?: unknown }
        reasons.push(`${name} ${reason.kind} ${String(reason.cause)}`)
        throw reason
      })
    const grandchild = workflow({ name: 'grandchild', execute: () => any([wait('g', 6)]) })
    const child = workflow({
      name: 'child',
      execute: (ctx) => parallel([wait('c', 6), ctx.invoke(grandchild, {})]),
    })
    const flow = workflow({
      name: 'root',
      execute: (ctx) =>
        parallel({
          plain: wait('a', 6),
          nested: race([parallel([wait('b', 6), () => wait('d', 6)]), any([async () => await wait('e', 6)])]),
          child: ctx.invoke(child, {}),
        }),
    })
    const run = await flow.start({}, { id: 'r', engine })
    await ready.promise
    await run.cancel('enough')
    await expect(run.result()).rejects.toEqual(cancelled)
    for (const id of ['r/child', 'r/child/grandchild'])
      down.push(
        engine
          .find(id)
          .result()
          .catch(() => undefined),
      )
    await Promise.all(down)
    await quiet()
    expect(new Set(reasons.map((reason) => reason[0]))).toEqual(new Set(['a', 'b', 'c', 'd', 'e', 'g']))
    expect(reasons).toHaveLength(6)
    expect(reasons.filter((reason) => reason.endsWith('run-cancelled enough')).length).toBeGreaterThanOrEqual(
      4,
    )
    const statuses = (await engine.list()).map(({ id, status }) => `${id} ${status}`)
    expect(statuses.sort()).toEqual(['r cancelled', 'r/child cancelled', 'r/child/grandchild cancelled'])
  })

  test('in a backoff, a sleep and a wait: it ends at once, and no timer is left', async () => {
    const clock = new VirtualClock(Date.now())
    const engine = engineOver(memoryStore(), clock)
    const flow = workflow({
      name: 'w',
      execute: (ctx) =>
        parallel(
          [
            step('failing', () => Promise.reject(new Error('no')), {
              retry: { initialDelay: '1h', maxAttempts: 9 },
              timeout: '2h',
            }),
            ctx.sleep('1h'),
            ctx.waitForEvent('never', { timeout: '1h' }),
            race([ctx.sleep('2h'), ctx.sleep('3h')], { stagger: '1h', timeout: '9h' }),
          ],
          { timeout: '1d' as never as '1h' },
        ),
    })
    const run = await flow.start({}, { id: 'r', engine })
    await quiet()
    await run.cancel()
    await expect(run.result()).rejects.toEqual(cancelled)
    await quiet()
    expect(clock.pending).toBeLessThanOrEqual(1) // notes are written after 50 ms
    clock.advance(50)
    await quiet()
    expect(clock.pending).toBe(0)
  })

  test('code that catches the cancellation and returns completes its run; nothing more starts in it', async () => {
    const engine = engineOver()
    const ready = gate()
    const after: unknown[] = []
    const flow = workflow({
      name: 'w',
      execute: async () => {
        try {
          await step('s', ({ signal }) => {
            ready.open()
            return aborted(signal)
          })
        } catch {
          after.push(
            await step('more', () => 'ran').catch((error: unknown) => (error as { code: string }).code),
          )
        }
        return 'tidied up'
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await ready.promise
    await run.cancel()
    expect(await run.result()).toBe('tidied up')
    expect(after).toEqual(['CANCELLED'])
  })

  test('a run whose loop catches its cancellation and goes on is ended as cancelled, live and on replay, and holds up nobody', async () => {
    const store = lasting(memoryStore())
    const engine = engineOver(store)
    const flow = workflow({
      name: 'poll',
      execute: async (ctx) => {
        for (;;) {
          try {
            if (await step('poll', () => false)) return
          } catch {
            // tries again
          }
          await ctx.sleep('1h').catch(() => undefined)
        }
      },
    })
    const other = workflow({ name: 'other', execute: () => step('s', () => 'fine') })
    const run = await flow.start({}, { id: 'r', engine })
    await quiet()
    await run.cancel('enough')
    expect(await other.run({}, { engine })).toBe('fine')
    await expect(run.result()).rejects.toMatchObject({
      code: 'CANCELLED',
      kind: 'run-cancelled',
      cause: 'enough',
    })
  })

  test('the same loop in a branch that is given up ends with it, and its run goes on', async () => {
    const engine = engineOver()
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const polling = async (): Promise<void> => {
          for (;;) await ctx.sleep('1h').catch(() => undefined)
        }
        return [await race([polling, step('s', () => 'won')]), await step('after', () => 'after')]
      },
    })
    expect(await flow.run({}, { engine })).toEqual(['won', 'after'])
  })

  test('a second request while the first is being obeyed changes nothing', async () => {
    const engine = engineOver()
    const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep('1h') })
    const run = await flow.start({}, { id: 'r', engine })
    await Promise.all([run.cancel('one'), run.cancel('two'), run.cancel('three')])
    await expect(run.result()).rejects.toMatchObject({ kind: 'run-cancelled', cause: 'one' })
    await run.cancel('four')
    await expect(run.result()).rejects.toMatchObject({ cause: 'one' })
  })

  const odd: readonly [string, unknown, unknown][] = [
    ['undefined', undefined, undefined],
    ['null', null, null],
    ['a string', 'why', 'why'],
    ['zero', 0, 0],
    ['an object', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    ['a huge text', 'x'.repeat(5_000_000), 'x'.repeat(5_000_000)],
  ]
  for (const [what, reason, cause] of odd)
    test(`E4: the reason of a cancellation may be ${what}, and is the same for the caller after a restart`, async () => {
      const store = lasting(memoryStore())
      const engine = engineOver(store)
      const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep('1h') })
      const run = await flow.start({}, { id: 'r', engine })
      await run.cancel(reason)
      const live = await run.result().catch((error: unknown) => error)
      expect(live).toMatchObject({ code: 'CANCELLED', kind: 'run-cancelled' })
      expect((live as Error).cause).toEqual(cause)
      await engine.stop()
      const later = await engineOver(store)
        .find('r')
        .result()
        .catch((error: unknown) => error)
      expect(later).toEqual(live)
    })

  const impossible: readonly [string, () => unknown][] = [
    ['a function', () => () => 1],
    ['a symbol', () => Symbol('s')],
    ['a promise', () => Promise.resolve(1)],
    [
      'a proxy that throws',
      () => new Proxy({}, { get: () => raise(), ownKeys: () => raise(), getPrototypeOf: () => raise() }),
    ],
    ['an error whose message throws', () => Object.defineProperty(new Error('x'), 'message', { get: raise })],
    [
      'itself inside itself',
      () => {
        const self: { self?: unknown } = {}
        self.self = self
        return self
      },
    ],
  ]
  for (const [what, make] of impossible)
    test(`E4: a reason that cannot be stored as it is (${what}) cancels all the same`, async () => {
      const engine = engineOver()
      const flow = workflow({ name: 'w', execute: (ctx) => ctx.sleep('1h') })
      const run = await flow.start({}, { id: 'r', engine })
      await run.cancel(make())
      await expect(run.result()).rejects.toEqual(cancelled)
      expect(await run.status()).toBe('cancelled')
    })
})

function raise(): never {
  throw new Error('cannot be read')
}

describe('waiting for the cancelled', () => {
  test('waitForCancelled: an outer group waits for branches that an inner group was already waiting for', async () => {
    const engine = engineOver()
    const order: string[] = []
    const [deaf, fail, boom, innerIsWaiting] = [gate(), gate(), gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const inner = parallel(
          [
            step('deaf', async ({ signal }) => {
              void aborted(signal).then(() => innerIsWaiting.open())
              await deaf.pass()
              order.push('deaf stopped')
            }),
            step('fails', () => fail.pass()),
          ],
          { waitForCancelled: true, name: 'inner' },
        )
        await parallel([inner, step('boom', () => boom.pass())], {
          waitForCancelled: true,
          name: 'outer',
        }).catch(() => undefined)
        order.push('outer returned')
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await Promise.all([deaf.reached, fail.reached, boom.reached])
    fail.fail(new Error('inner'))
    await innerIsWaiting.promise
    boom.fail(new Error('outer'))
    await quiet()
    expect(order).toEqual([])
    deaf.open()
    await run.result()
    expect(order).toEqual(['deaf stopped', 'outer returned'])
  })

  test('waitForCancelled: the same when the inner group is awaited by a function branch', async () => {
    const engine = engineOver()
    const order: string[] = []
    const [deaf, fail, boom, innerIsWaiting] = [gate(), gate(), gate(), gate()]
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const branch = async (): Promise<void> => {
          await race(
            [
              step('deaf', async ({ signal }) => {
                void aborted(signal).then(() => innerIsWaiting.open())
                await deaf.pass()
                order.push('deaf stopped')
              }),
              step('fails', () => fail.pass()),
            ],
            { waitForCancelled: true },
          )
        }
        await parallel([branch, step('boom', () => boom.pass())], { waitForCancelled: true }).catch(
          () => undefined,
        )
        order.push('outer returned')
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await Promise.all([deaf.reached, fail.reached, boom.reached])
    fail.fail(new Error('inner'))
    await innerIsWaiting.promise
    boom.fail(new Error('outer'))
    await quiet()
    expect(order).toEqual([])
    deaf.open()
    await run.result()
    expect(order).toEqual(['deaf stopped', 'outer returned'])
  })

  test('waitForCancelled: a cancelled child is waited for until it has ended', async () => {
    const engine = engineOver()
    const [inChild, deaf, boom] = [gate(), gate(), gate()]
    const order: string[] = []
    const child = workflow({
      name: 'child',
      execute: async () => {
        try {
          await parallel(
            [
              step('deaf', async () => {
                inChild.open()
                await deaf.pass()
                order.push('deaf stopped')
              }),
            ],
            { waitForCancelled: true },
          )
        } finally {
          order.push('child ends')
        }
      },
    })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        await parallel([ctx.invoke(child, {}), step('boom', () => boom.pass())], {
          waitForCancelled: true,
        }).catch(() => undefined)
        order.push('parent goes on')
      },
    })
    const run = await flow.start({}, { id: 'r', engine })
    await inChild.promise
    boom.fail(new Error('no'))
    await quiet()
    deaf.open()
    await run.result()
    expect(order.indexOf('child ends')).toBeLessThan(order.indexOf('parent goes on'))
    expect(await engine.find('r/child').status()).toBe('cancelled')
  })
})

describe('runs that nobody wants any more', () => {
  test('a child that lost its race and is blocked does not block its parent', async () => {
    const store = lasting(memoryStore())
    const first = engineOver(store)
    const held = gate()
    let version = 1
    const child = workflow({
      name: 'child',
      execute: async () => {
        await step(`v${version}`, () => 1)
        await step('held', () => held.pass())
      },
    })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        const won = await race([ctx.invoke(child, {}), ctx.waitForEvent<string>('go')])
        await ctx.sleep(20)
        return won
      },
    })
    await flow.start({}, { id: 'r', engine: first })
    await held.reached
    await first.stop({ grace: 0 })
    version = 2 // the child's code has changed; the parent gives it up before that shows
    const second = createEngine({ store, log: new LogBook(), patience: 10 })
    onTestFinished(() => second.stop({ grace: 0 }))
    await second.find('r').signal('go', 'won')
    const run = await flow.start({}, { id: 'r', engine: second })
    expect(await run.result()).toBe('won')
  })
})
