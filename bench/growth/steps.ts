/**
 * How the cost of one group grows with its branches: `steps.ts [--host memory,sqlite,outside] [--steps 1000,10000]`. Steps
 * that do nothing, 100 at once: inside a workflow on the memory store, on SQLite (durable to a power failure), and outside
 * of any. Prints one JSON line `{ series, x, value, unit }` for each figure. Small groups are repeated;
 * every process is warm. Peak memory is the process's, so measure one size in each.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import { peakMegabytes } from '../usage.ts'
import { print } from './print.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'memory,sqlite,outside' },
    steps: { type: 'string', default: '1000,10000,100000' },
    dir: { type: 'string', default: tmpdir() },
  },
})
const CONCURRENCY = 100
/** Groups of so many steps come first: the largest size warms itself up, and is not to be compared with a cold one. */
const WARM = 5000
const WARMINGS = 10
/**
 * So many steps are taken at least, in groups of the size that is measured. All of them count: a median would leave out the
 * garbage collections and checkpoints that only some small groups meet.
 */
const ENOUGH = 100_000

let calls = 0

async function group(count: number): Promise<number> {
  const results = await parallel(
    Array.from({ length: count }, (_, n) =>
      step(`step-${n}`, async () => {
        calls++
        return n
      }),
    ),
    { concurrency: CONCURRENCY },
  )
  if (results.some((value, n) => value !== n)) throw new Error('the results are others, or in another order')
  return results.length
}

const grouped = workflow({ name: 'grouped', execute: (_ctx, count: number) => group(count) })

interface Host {
  run(count: number): Promise<number>
  close(): Promise<void>
}

function open(host: string): Host {
  if (host === 'outside') return { run: group, close: async () => undefined }
  if (host !== 'memory' && host !== 'sqlite') throw new Error(`there is no host ${host}`)
  const dir = mkdtempSync(join(values.dir, 'steps-'))
  const engine = createEngine(host === 'memory' ? { store: memoryStore() } : { dir })
  return {
    run: (count) => grouped.run(count, { engine }),
    close: async () => {
      await engine.stop()
      rmSync(dir, { recursive: true })
    },
  }
}

interface Took {
  /** Milliseconds. */
  readonly time: number
  /** The same of all threads, garbage collection included. */
  readonly cpu: number
}

async function timed(host: Host, count: number): Promise<Took> {
  calls = 0
  const begun = performance.now()
  const before = process.cpuUsage()
  const results = await host.run(count)
  const { user, system } = process.cpuUsage(before)
  const took = { time: performance.now() - begun, cpu: (user + system) / 1000 }
  if (calls !== count || results !== count) throw new Error(`${calls} of ${count} steps, ${results} results`)
  return took
}

for (const name of values.host.split(','))
  for (const count of values.steps.split(',').map(Number)) {
    const host = open(name)
    for (let warming = 0; warming < WARMINGS; warming++) await timed(host, WARM)
    const times: Took[] = []
    do times.push(await timed(host, count))
    while (times.length * count < ENOUGH)
    await host.close()
    const each = (of: keyof Took): number =>
      (times.reduce((sum, took) => sum + took[of], 0) * 1000) / (times.length * count)
    print(`${name}: time per step`, count, each('time'), 'µs')
    print(`${name}: processor time per step`, count, each('cpu'), 'µs')
    print(`${name}: peak memory`, count, peakMegabytes(), 'MB')
  }
