/**
 * Executes one run with a lease of half a second: `node stalled.ts <directory> <who>`. The run has a step that ends when its
 * signal says so, and one that does not listen and ends when there is a file `go`. `who` is what they return; in a process
 * that is not `slow` they do so at once.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createEngine, parallel, step, workflow } from '../../../src/index.ts'

const [, , dir = '', who = ''] = process.argv
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const quiet = { debug() {}, info() {}, error() {}, warn: (message: string) => say(`warns ${message}`) }

const code = workflow({
  name: 'stalled',
  execute: async () => {
    const first = await step('first', () => who)
    const both = await parallel([
      step('listens', async ({ signal }) => {
        say('begun')
        if (who === 'slow')
          await pause(60_000, undefined, { signal }).catch(() => {
            say(`aborted ${(signal.reason as { kind: string }).kind}`)
            throw signal.reason as Error
          })
        return who
      }),
      step('deaf', async () => {
        if (who === 'slow') while (!existsSync(join(dir, 'go'))) await pause(5)
        if (who === 'slow') say('returns')
        return who
      }),
    ])
    return [first, ...both].join()
  },
})

const engine = createEngine({ dir, lease: 500, heartbeat: 100, log: quiet })
await engine.work([code])
const run = await code.start(undefined, { id: 'run', engine })
say(`result ${await run.result()}`)
await engine.stop()
