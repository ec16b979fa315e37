/** A worker in a process of its own, with a clock that may be set and code that misbehaves: `node processes.ts <task> <dir>`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createEngine, parallel, step, workflow } from '../../../src/index.ts'

const [, , task = '', dir = ''] = process.argv
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const realNow = Date.now
const clock = { ahead: 0 }
Date.now = () => realNow() + clock.ahead
async function setClock(ahead: number): Promise<void> {
  clock.ahead = ahead
  await pause(500) // in steady time: for others to be misled, and to misbehave
  say(`set ${ahead}`)
}
process.on('message', (ahead: number) => void setClock(ahead))
/** Until the test says that it may go on. */
const held = (): boolean => !existsSync(join(dir, 'go on'))
const sleep = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)

const engine = createEngine({
  dir,
  durability: 'process-crash',
  lease: '1s',
  heartbeat: '200ms',
  log: { debug: () => undefined, info: () => undefined, warn: say, error: say },
})

/** What the step of a run does the first time that it is called. */
const DEEDS: Readonly<Record<string, () => unknown>> = {
  'blocks the event loop': () => {
    while (held()) sleep()
  },
  'never returns': () => {
    for (;;) sleep()
  },
  'exits the process': () => process.exit(9),
  'throws outside of everything': async () => {
    setImmediate(() => {
      throw new Error('outside')
    })
    await pause(60_000)
  },
  'overflows the stack': () => overflow(),
  waits: async () => {
    while (held()) await pause(50)
  },
}

const flow = workflow({
  name: 'flow',
  execute: async (_ctx, deed: string) => {
    const before = await step('before', ({ idempotencyKey }) => (say(`called ${idempotencyKey}`), 'before'))
    const [did] = await parallel([
      step('deed', async ({ idempotencyKey }) => {
        say(`called ${idempotencyKey}`)
        if (task === 'first') await DEEDS[deed]?.()
        return process.pid
      }),
      () => step('timeout', () => pause(60_000), { timeout: 1200 }).catch(({ code }) => code as string),
    ])
    return { before, did, after: await step('after', () => 'after') }
  },
})

function overflow(): number {
  return overflow() + 1
}

if (task === 'first') {
  const [, , , , ...deeds] = process.argv
  const runs = await Promise.all(deeds.map((deed) => flow.start(deed, { engine, id: deed })))
  for (const run of runs)
    run.result().then(
      (result) => say(`result ${JSON.stringify(result)}`),
      (error: Error) => say(`failed ${error.message}`),
    )
  await Promise.allSettled(runs.map((run) => run.result()))
} else {
  await engine.work([flow])
  say('working')
  for (const id of process.argv.slice(4))
    say(`${id}: ${JSON.stringify(await flow.get(id, { engine }).result())}`)
}
await engine.stop()
process.exit()
