/** `waitForCancelled` over restarts of the engine: what is waited for, for how long, and where the group returns. */
import {
  type Context,
  createEngine,
  type EmbeddedEngine,
  memoryStore,
  parallel,
  step,
  workflow,
} from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lasting } from '../attack/support/faulty-store.ts'
import { gate, quiet } from './support/gate.ts'
import { lingeringChild, lingers } from './support/lingering.ts'
import { LogBook } from './support/sandbox.ts'

describe('waitForCancelled across restarts', () => {
  /** Engines over one store and one time. */
  function engines() {
    const store = lasting(memoryStore())
    const clock = new VirtualClock(Date.now())
    const start = (): EmbeddedEngine => {
      const engine = createEngine({ store, clock, log: new LogBook(), abortGrace: '1w' })
      onTestFinished(() => engine.stop({ grace: 0 }))
      return engine
    }
    const pass = async (milliseconds: number): Promise<void> => {
      clock.advance(milliseconds)
      await quiet()
    }
    return { clock, start, pass }
  }

  /** The group waits for a child that takes its time; gives the workflow, whose code can be executed again. */
  function waitingForChild(wait: true | '10s') {
    const [held, trigger, order] = [gate(), gate(), [] as string[]]
    const family = workflow({
      name: 'w',
      execute: async (ctx) => {
        await parallel(
          [
            ctx.invoke(lingeringChild(held), {}),
            step('bad', () => trigger.promise.then(() => Promise.reject(new Error('bad')))),
          ],
          { waitForCancelled: wait },
        ).catch(() => undefined)
        order.push('returned')
        await step('after', () => undefined)
      },
    })
    /** The child has begun, and its sibling has failed. */
    const begin = async (engine: EmbeddedEngine): Promise<EmbeddedEngine> => {
      await family.start({}, { id: 'r', engine })
      await held.reached
      trigger.open()
      await quiet()
      return engine
    }
    return { held, order, family, begin }
  }

  test('true: after a restart the child is still waited for, until it has really ended', async () => {
    const { start, pass } = engines()
    const { held, order, family, begin } = waitingForChild(true)
    const first = await begin(start())
    await first.stop({ grace: 0 })
    const second = start()
    const result = family.get('r', { engine: second }).result()
    await quiet()
    await pass(3_600_000)
    expect(order).toEqual([])
    expect(await second.find('r/child').status()).toBe('running')
    held.open()
    await quiet()
    await pass(200)
    await result
    expect(order).toEqual(['returned'])
    expect(await second.find('r/child').status()).toBe('cancelled')
  })

  test('a duration: its deadline survives the restart', async () => {
    const { start, pass } = engines()
    const { held, order, family, begin } = waitingForChild('10s')
    const first = await begin(start())
    await pass(6000)
    await first.stop({ grace: 0 })
    const second = start()
    const result = family.get('r', { engine: second }).result()
    await quiet()
    await pass(3999)
    expect(order).toEqual([])
    await pass(1)
    await result
    expect(order).toEqual(['returned'])
    held.open()
    await quiet()
  })

  test('R6: engine.stop is no end of what is waited for: nothing says so in the journal', async () => {
    const { start } = engines()
    const { begin } = waitingForChild(true)
    const first = await begin(start())
    await first.stop({ grace: 0 })
    const { journal } = await start().inspect('r')
    expect(journal.map(({ completion }) => completion.kind)).toEqual(['step-failed'])
  })

  test('D1, D2: on replay the group returns where it did, among what happened meanwhile', async () => {
    const { start } = engines()
    const [held, trigger, meanwhile, last] = [gate(), gate(), gate(), gate()]
    const orders: string[][] = []
    const flow = workflow({
      name: 'w',
      execute: async () => {
        const order: string[] = []
        orders.push(order)
        const giving = parallel(
          [
            step('deaf', () => held.pass()),
            step('bad', () => trigger.promise.then(() => Promise.reject(new Error('bad')))),
          ],
          { waitForCancelled: '1h' },
        ).catch(() => order.push('returned'))
        const beside = step('meanwhile', () => meanwhile.promise).then(() => order.push('meanwhile'))
        await Promise.all([giving, beside])
        await step('last', () => last.pass())
      },
    })
    const first = start()
    await flow.start({}, { id: 'r', engine: first })
    await held.reached
    trigger.open()
    await quiet()
    meanwhile.open()
    await quiet()
    held.open()
    await last.reached
    await first.stop({ grace: 0 })
    last.open()
    await flow.get('r', { engine: start() }).result()
    expect(orders).toEqual([
      ['meanwhile', 'returned'],
      ['meanwhile', 'returned'],
    ])
  })

  test('D5: a child that is blocked has not ended: the parent that waits for it is blocked too, and goes on with it', async () => {
    const { start, pass } = engines()
    const [held, trigger, order] = [gate(), gate(), [] as string[]]
    let version = 1
    const changing = workflow({
      name: 'changing',
      execute: async (ctx: Context) => {
        if (version === 1) await step('v1', () => undefined)
        await lingers(ctx, held)
      },
    })
    const flow = workflow({
      name: 'w',
      execute: async (ctx) => {
        await parallel(
          [
            ctx.invoke(changing, {}),
            step('bad', () => trigger.promise.then(() => Promise.reject(new Error('bad')))),
          ],
          { waitForCancelled: true },
        ).catch(() => order.push('returned'))
      },
    })
    const first = start()
    await flow.start({}, { id: 'r', engine: first })
    await held.reached
    trigger.open()
    await quiet()
    await first.stop({ grace: 0 })
    version = 2
    const second = start()
    const blocked = flow
      .get('r', { engine: second })
      .result()
      .catch((error: unknown) => error)
    await quiet()
    await pass(6000)
    expect(await blocked).toMatchObject({ code: 'RUN_BLOCKED' })
    expect(order).toEqual([])
    version = 1
    held.open()
    await flow.get('r', { engine: second }).retry()
    const result = flow.get('r', { engine: second }).result()
    await quiet()
    await pass(200)
    await result
    expect(order).toEqual(['returned'])
    expect(await second.find('r/changing').status()).toBe('cancelled')
  })
})
