/** A process of its own: what is left in it when its engine has stopped. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, memoryStore, parallel, race, step, workflow } from '../../../src/index.ts'

const dir = await mkdtemp(join(tmpdir(), 'ai-workflows-'))
const engine = createEngine(process.argv[2] === 'sqlite' ? { dir } : { store: memoryStore() })

const done = workflow({
  name: 'done',
  execute: async (ctx) => {
    await parallel([step('a', () => 1), ctx.sleep(1), race([ctx.sleep(2), ctx.sleep('1w')])], {
      timeout: '1h',
    })
    await step('b', () => 1, { timeout: '1h', retry: { maxAttempts: 3 } })
  },
})
const waits = workflow({
  name: 'waits',
  execute: async (ctx) => {
    const child = workflow({ name: 'child', execute: async (inner) => await inner.sleep('2w') })
    await parallel(
      [
        ctx.sleep('1w'),
        ctx.waitForEvent('never', { timeout: '1d' }),
        ctx.invoke(child, null),
        step('fails', () => Promise.reject(new Error('again')), {
          retry: { maxAttempts: 9, initialDelay: '1h' },
        }),
        step('slow', () => new Promise(() => undefined), { timeout: '1d' }),
        race([ctx.sleep('1d'), ctx.sleep('2d')], { stagger: '1h' }),
      ],
      { timeout: '3d', signal: new AbortController().signal },
    )
  },
})

await done.run(undefined, { engine })
const failed = new Promise<void>((resolve) => {
  engine.on(
    '*',
    (event) => 'key' in event && event.key === 'fails' && event.kind !== 'step.started' && resolve(),
  )
})
const run = await waits.start(undefined, { engine })
const outcome = Promise.allSettled([run.result()])
await failed
await engine.stop({ grace: 0 })
await outcome
await rm(dir, { recursive: true, force: true })
for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
const left = process.getActiveResourcesInfo()
// Nothing keeps the process alive from here: that it ends at all is the other half of the test.
process.stdout.write(JSON.stringify({ left, listeners: process.listenerCount('unhandledRejection') }))
