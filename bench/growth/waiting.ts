/**
 * What runs that only wait cost in memory: `waiting.ts [--runs 1000,10000]`. Starts that many that wait for an event, and
 * looks at the heap after a full collection: while they are in memory, and when they have been put away (R7). Prints one
 * JSON line `{ series, x, value, unit }` for each figure.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEngine, type Duration, type EmbeddedEngine, workflow } from 'ai-workflows'
import { heapBytes } from '../usage.ts'
import { print } from './print.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000,10000' },
    dir: { type: 'string', default: tmpdir() },
  },
})

const waits = workflow({
  name: 'waits',
  execute: async (ctx, n: number) => {
    await ctx.waitForEvent('go')
    return n
  },
})

async function measure(series: string, count: number, parkAfter: Duration): Promise<void> {
  const dir = mkdtempSync(join(values.dir, 'waiting-'))
  const engine = createEngine({ dir, durability: 'process-crash', parkAfter })
  try {
    await (await waits.start(-1, { engine, id: 'warm' })).signal('go')
    await waits.get('warm', { engine }).result()
    const before = heapBytes()
    await startAll(engine, count, parkAfter !== LONG)
    const each = (heapBytes() - before) / count
    print(series, count, Math.round(each), 'B per run')
    const woken = waits.get('run-7', { engine })
    await woken.signal('go')
    if ((await woken.result()) !== 7) throw new Error('a run that waited did not go on')
  } finally {
    await engine.stop({ grace: 0 })
    rmSync(dir, { recursive: true, force: true })
  }
}

async function startAll(engine: EmbeddedEngine, count: number, parks: boolean): Promise<void> {
  let parked = 0
  const all = new Promise<void>((resolve) => {
    const stop = engine.observe(({ kind }) => {
      if (kind === 'run.waiting' && ++parked === count) resolve(stop())
    })
  })
  for (let n = 0; n < count; n += 250)
    await Promise.all(
      Array.from({ length: Math.min(250, count - n) }, (_, at) =>
        waits.start(n + at, { engine, id: `run-${n + at}` }),
      ),
    )
  if (parks) await all
  await engine.idle() // the last ones have left, too
}

const LONG = '1h'

for (const count of values.runs.split(',').map(Number)) {
  await measure('waiting, put away', count, '200ms')
  await measure('waiting, in memory', count, LONG)
}
