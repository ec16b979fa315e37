/** An engine that is stopped while it begins to look after runs leaves nothing behind (R6). */
import { createEngine, memoryStore, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { expect, test } from 'vitest'
import { started, stored } from '../../src/testing/store-cases/fixtures.ts'
import type { Clock } from '../../src/core/ports/clock.ts'
import type { Store } from '../../src/core/ports/store.ts'

const code = workflow({ name: 'orders', execute: () => step('s', () => 1) })

/** Counts the periodic looks that nobody has ended. */
function counting(clock: Clock): { readonly clock: Clock; readonly looks: () => number } {
  let open = 0
  const every: Clock['every'] = (interval, fire) => {
    const cancel = clock.every(interval, fire)
    open++
    let ended = false
    return () => {
      if (!ended) open--
      ended = true
      cancel()
    }
  }
  return { clock: Object.assign(Object.create(clock) as Clock, { every }), looks: () => open }
}

/** Every verb takes two turns of the event loop. It stays open, to be looked at. */
function slow(store: Store): Store {
  return new Proxy(store, {
    get(target, verb: keyof Store) {
      const value: unknown = target[verb]
      if (typeof value !== 'function') return value
      if (verb === 'close') return () => Promise.resolve()
      return async (...args: unknown[]): Promise<unknown> => {
        await turn()
        const result: unknown = await (value as (...args: unknown[]) => unknown).apply(target, args)
        await turn()
        return result
      }
    },
  })
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test.each(['work', 'resume'] as const)('R6: stop() while %s() begins ends every look', async (how) => {
  for (let turns = 0; turns < 12; turns++) {
    const { clock, looks } = counting(bound(new VirtualClock(0)))
    const store = memoryStore()
    const claim = await started(store, 'waits', 'gone')
    await store.commit([{ kind: 'park', claim, seq: 0, pending: 0, children: [], wakeAt: undefined }])
    await store.heartbeat({ id: 'gone', pid: 0, host: '', heartbeatAt: 0, lease: 1 })
    await store.removeOwner('gone')
    const engine = createEngine({ store: slow(store), clock })
    const begun = how === 'work' ? engine.work([code]) : engine.resume([code])
    begun.catch(() => undefined)
    for (let passed = 0; passed < turns; passed++) await turn()
    await engine.stop({ grace: 0 })
    await Promise.allSettled([begun])
    expect(looks()).toBe(0)
    expect((await stored(store, 'waits')).owner).toBeUndefined()
  }
})

test('R6 R7: stop() while a run is being put away ends every look', async () => {
  const waits = workflow({ name: 'waits', execute: (ctx) => ctx.waitForEvent('never') })
  for (let turns = 0; turns < 12; turns++) {
    const virtual = new VirtualClock(0)
    const { clock, looks } = counting(bound(virtual))
    const engine = createEngine({ store: memoryStore(), clock, parkAfter: 100 })
    await engine.start(waits, undefined)
    await engine.idle()
    virtual.advance(250) // it is seen to wait
    await engine.idle()
    virtual.advance(250) // it has waited for long enough
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    await engine.stop({ grace: 0 })
    expect(looks()).toBe(0)
  }
})

function bound(clock: VirtualClock): Clock {
  return {
    now: () => clock.now(),
    steady: () => clock.steady(),
    schedule: (at, fire) => clock.schedule(at, fire),
    after: (delay, fire) => clock.after(delay, fire),
    every: (interval, fire) => clock.every(interval, fire),
  }
}
