/** Starts many runs that only wait, and says what they cost. Or, told so, looks after those that another process left. */
import { createEngine, parallel, workflow } from '../../../src/index.ts'

const [dir = '', mode, size = '0'] = process.argv.slice(2)
const SIZE = Number(size)

const waits = workflow({
  name: 'waits',
  execute: async (ctx, n: number) => {
    if (n % 3 === 0) await ctx.sleep('30d')
    else if (n % 3 === 1) await ctx.waitForEvent('go')
    else await parallel([ctx.sleep('20d'), async () => await ctx.waitForEvent('go')])
    return n
  },
})

const engine = createEngine({ dir, durability: 'process-crash', parkAfter: '200ms' })

function cost(): { heap: number; timers: number } {
  globalThis.gc?.()
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  return { heap: process.memoryUsage().heapUsed, timers }
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

async function startMany(): Promise<void> {
  await (await waits.start(1, { id: 'warm', engine })).signal('go')
  await waits.get('warm', { engine }).result()
  say(cost())
  let parked = 0
  const all = new Promise<void>((resolve) => {
    engine.on('*', (event) => {
      if (event.kind === 'run.waiting' && ++parked === SIZE) resolve()
    })
  })
  for (let n = 0; n < SIZE; n += 250)
    await Promise.all(
      Array.from({ length: Math.min(250, SIZE - n) }, (_, i) =>
        waits.start(n + i, { id: `${n + i}`, engine }),
      ),
    )
  await all
  say(cost())
}

async function lookAfter(): Promise<void> {
  await engine.resume([waits])
  const run = waits.get('1', { engine })
  await run.signal('go')
  say({ result: await run.result(), ...cost() })
  await engine.stop()
  say({ running: process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length })
}

await (mode === 'start' ? startMany() : lookAfter())
